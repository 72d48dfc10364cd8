import { loadSettings } from '../../src/config/load.ts'
import { openOrMakeStores, type Stores } from '../../src/stores.ts'
import { type RunningBerth, startBerth, temporaryDirectory } from './berth.ts'
import { type Nginx, startNginx } from './nginx.ts'
import { dropDatabase, makeDatabase, postgresServer } from './postgres.ts'
import { bucketEnvironment, testBucket } from './s3.ts'

/** Several servers on one PostgreSQL behind nginx, which gives each request to the next of them. */
export interface Replicas {
  readonly url: string
  readonly port: number
  readonly servers: readonly RunningBerth[]
  readonly nginx: Nginx
  stop(): Promise<void>
}

export interface ReplicasOptions {
  readonly count?: number
  readonly blobs: 'directory' | 'bucket'
  readonly env?: Record<string, string>
  /** Done with the stores before the servers start. */
  readonly prepare?: (stores: Stores) => Promise<void>
}

export async function startReplicas({
  count = 2,
  blobs,
  env = {},
  prepare,
}: ReplicasOptions): Promise<Replicas> {
  if (!postgresServer) throw new Error('several servers need BERTH_TEST_POSTGRES')
  const database = await makeDatabase(postgresServer)
  const data = await temporaryDirectory()
  const stores = {
    BERTH_METADATA_URL: database,
    BERTH_ACCESS_OPEN: 'true',
    ...(blobs === 'bucket' ? bucketEnvironment(await testBucket()) : {}),
  }
  if (prepare) {
    await using opened = await openOrMakeStores(loadSettings({ flags: { data }, environment: stores }))
    await prepare(opened)
  }
  const servers = await Promise.all(
    Array.from({ length: count }, () => startBerth({ data, env: { ...stores, ...env } })),
  )
  const nginx = await startNginx(servers.map(({ port }) => port))
  return {
    url: nginx.url,
    port: nginx.port,
    servers,
    nginx,
    async stop() {
      await nginx.stop()
      await Promise.all(servers.map((server) => server.stop()))
      await dropDatabase(database)
    },
  }
}
