import { RegistryError } from '../../oci/errors.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import type { ChangeName } from './changes.ts'

/** The key under which `registry/read-only.ts` puts the switch on record. */
const readOnlyKey = 'read-only'

/** What clients and the collector do to what the registry holds. What only notes how things are goes on. */
const writes: ReadonlySet<ChangeName> = new Set([
  'appendUpload',
  'collect',
  'commitUpload',
  'confirmBlob',
  'confirmManifest',
  'deleteManifest',
  'deleteRepository',
  'deleteTag',
  'emptyTrash',
  'expireUploads',
  'leaseUpload',
  'mountBlob',
  'openUpload',
  'putManifest',
  'putTag',
  'restoreTrash',
  'retireTags',
  'unlinkBlob',
])

/**
 * Requests ask for the switch before they begin, and an upload may take an hour from there. Asked once more in the
 * transaction, nothing is acknowledged after the switch was turned on: who copies the registry from then on misses
 * nothing. Transactions of SQLite come one after the other, which makes this exact.
 * @throws READ_ONLY
 */
export async function requireWritable(tx: Transaction, name: ChangeName): Promise<void> {
  if (!writes.has(name) || (await tx.first(readOnlySwitch, {})) === undefined) return
  throw new RegistryError(
    'READ_ONLY',
    'the registry is read-only for now, for maintenance: pulls go on; try again later',
  )
}

const readOnlySwitch = statement<object>()(({ db }) =>
  db.selectFrom('state').select('key').where('key', '=', readOnlyKey),
)
