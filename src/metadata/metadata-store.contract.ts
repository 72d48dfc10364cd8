import { describe } from 'bun:test'
import { accessContract } from './contract/access.ts'
import { accountsContract } from './contract/accounts.ts'
import { blobsContract } from './contract/blobs.ts'
import { collectionContract } from './contract/collection.ts'
import { damageContract } from './contract/damage.ts'
import { deliveriesContract } from './contract/deliveries.ts'
import { dependentsContract } from './contract/dependents.ts'
import type { OpenStore } from './contract/fixtures.ts'
import { historyContract } from './contract/history.ts'
import { immutabilityContract } from './contract/immutability.ts'
import { limitsContract } from './contract/limits.ts'
import { listingsContract } from './contract/listings.ts'
import { manifestsContract } from './contract/manifests.ts'
import { outsidersContract } from './contract/outsiders.ts'
import { quotasContract } from './contract/quotas.ts'
import { ratesContract } from './contract/rates.ts'
import { repositorySlicesContract } from './contract/repository-slices.ts'
import { retentionContract } from './contract/retention.ts'
import { robotTrustsContract } from './contract/robot-trusts.ts'
import { tagsContract } from './contract/tags.ts'
import { trashContract } from './contract/trash.ts'
import { trashEmptyingContract } from './contract/trash-emptying.ts'
import { trashedRepositoriesContract } from './contract/trashed-repositories.ts'
import { turnsContract } from './contract/turns.ts'
import { uploadsContract } from './contract/uploads.ts'
import { usageContract } from './contract/usage.ts'
import { webhooksContract } from './contract/webhooks.ts'
import { withdrawalsContract } from './contract/withdrawals.ts'

/** Every engine answers every query the same: run by each. */
export function metadataStoreContract(name: string, open: OpenStore): void {
  describe(`${name} keeps the contract of metadata stores`, () => {
    uploadsContract(open)
    blobsContract(open)
    manifestsContract(open)
    dependentsContract(open)
    trashEmptyingContract(open)
    repositorySlicesContract(open)
    tagsContract(open)
    immutabilityContract(open)
    retentionContract(open)
    limitsContract(open)
    listingsContract(open)
    collectionContract(open)
    damageContract(open)
    historyContract(open)
    turnsContract(open)
    usageContract(open)
    quotasContract(open)
    ratesContract(open)
    trashContract(open)
    trashedRepositoriesContract(open)
    accountsContract(open)
    robotTrustsContract(open)
    outsidersContract(open)
    accessContract(open)
    webhooksContract(open)
    deliveriesContract(open)
    withdrawalsContract(open)
  })
}
