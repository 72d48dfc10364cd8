import { S3BlobStore } from './blobs/s3/s3-blob-store.ts'
import { PostgresTarget } from './metadata/postgres/migration-target.ts'
import type { Targets } from './recovery/migration/claim.ts'
import { migrationKey } from './recovery/migration/note.ts'
import { placeOfBucket, postgresOptionsOf, s3OptionsOf } from './store-options.ts'
import type { StoreSettings } from './stores.ts'
import { version } from './version.ts'

/** Where a registry moves to, as the settings of the servers to come say. Nothing is made, and nothing asked yet. */
export function targetsOf(settings: StoreSettings): Targets {
  const address = settings['metadata.url']
  const bucket = settings['storage.s3.bucket']
  return {
    metadata:
      address === null
        ? undefined
        : new PostgresTarget({ ...postgresOptionsOf(settings, address), berth: version, key: migrationKey }),
    blobs:
      bucket === null
        ? undefined
        : { place: placeOfBucket(settings), store: new S3BlobStore(s3OptionsOf(settings, bucket)) },
  }
}
