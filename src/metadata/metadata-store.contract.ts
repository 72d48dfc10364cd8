import { describe } from 'bun:test'
import { blobsContract } from './contract/blobs.ts'
import { dependentsContract } from './contract/dependents.ts'
import type { OpenStore } from './contract/fixtures.ts'
import { listingsContract } from './contract/listings.ts'
import { manifestsContract } from './contract/manifests.ts'
import { repositorySlicesContract } from './contract/repository-slices.ts'
import { tagsContract } from './contract/tags.ts'
import { trashEmptyingContract } from './contract/trash-emptying.ts'
import { uploadsContract } from './contract/uploads.ts'

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
    listingsContract(open)
  })
}
