import type { S3Options } from '../../../src/blobs/s3/options.ts'
import type { Digest } from '../../../src/oci/digest.ts'
import { temporaryDirectory } from '../../support/berth.ts'
import { administer, dropDatabase, lackingPostgres, makeDatabase } from '../../support/postgres.ts'
import { requireHere } from '../../support/require.ts'
import { bucketContents, bucketEnvironment, lackingS3, testBucket } from '../../support/s3.ts'
import type { Environment } from '../server.ts'
import { objectsInFiles, type StoredObjects } from '../stored-objects.ts'

/** What several servers keep their registry in. */
export interface SharedStores extends AsyncDisposable {
  readonly data: string
  readonly database: string
  readonly env: Environment
  readonly stored: StoredObjects
}

export type Blobs = 'directory' | 'bucket'

/** Whether suites on these stores run here; where they don't, a line says so. In CI all do. */
export function requireStores(blobs: Blobs, what: string): boolean {
  return requireHere(what, [...lackingPostgres(), ...(blobs === 'bucket' ? lackingS3() : [])])
}

/** A database and a place for blobs of their own. @param postgres another server than that of the tests */
export async function sharedStores(blobs: Blobs, postgres?: string): Promise<SharedStores> {
  const server = postgres ?? process.env.BERTH_TEST_POSTGRES ?? ''
  const database = await makeDatabase(server)
  const data = await temporaryDirectory()
  const env = { BERTH_METADATA_URL: database, BERTH_ACCESS_OPEN: 'true', BERTH_METADATA_POOL: '8' }
  const drop = { [Symbol.asyncDispose]: () => dropDatabase(database).catch(() => undefined) }
  if (blobs === 'directory') return { data, database, env, stored: objectsInFiles(data), ...drop }
  const bucket = await testBucket()
  return {
    data,
    database,
    env: { ...env, ...bucketEnvironment(bucket) },
    stored: objectsInBucket(bucket, database),
    ...drop,
  }
}

/** An object that came in several requests lies under its upload's name: what it holds, only the metadata says. */
function objectsInBucket(bucket: S3Options, database: string): StoredObjects {
  return {
    list: async () => (await bucketContents(bucket)).objects.map((key) => key.slice(bucket.prefix.length)),
    bytes: async () => (await bucketContents(bucket)).bytes,
    listUploads: async () => (await bucketContents(bucket)).begun,
    async digestsOf() {
      const rows = await administer<{ digest: Digest; object_key: string }>(
        database,
        'select digest, object_key from blobs',
      )
      return new Map(rows.map(({ digest, object_key }) => [object_key, digest]))
    },
  }
}
