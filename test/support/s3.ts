import { join } from 'node:path'
import type { Credentials } from '../../src/blobs/s3/credentials.ts'
import { S3Multiparts } from '../../src/blobs/s3/multiparts.ts'
import { S3Objects } from '../../src/blobs/s3/objects.ts'
import type { S3Options } from '../../src/blobs/s3/options.ts'
import { S3Requests } from '../../src/blobs/s3/requests.ts'
import { run } from './command.ts'
import { requireHere } from './require.ts'

/** The S3 server that `BERTH_TEST_S3` names, as `http://KEY:SECRET@HOST:PORT`; undefined: there is none. */
export function testServer(): { endpoint: string; credentials: Credentials } | undefined {
  const address = process.env.BERTH_TEST_S3
  if (!address) return undefined
  const { origin, username, password } = new URL(address)
  return { endpoint: origin, credentials: { accessKeyId: username, secretAccessKey: password } }
}

/** Whether suites on S3 run here. @param what the suite, for the line that says that it does not */
export function requireS3(what: string): boolean {
  return requireHere(what, lackingS3())
}

export function lackingS3(): string[] {
  return testServer() ? [] : ['BERTH_TEST_S3=$(.ci/s3 start) names no S3 server']
}

/** The process that answers ends at once and is started again; what it stored stays. BERTH_TEST_S3_HOME is its directory. */
export const s3Process = {
  crash: () => s3Script('crash'),
  recover: () => s3Script('recover'),
}

async function s3Script(verb: string): Promise<void> {
  const { port } = new URL(requireServer().endpoint)
  const home = process.env.BERTH_TEST_S3_HOME
  const env = { BERTH_S3_PORT: port, ...(home && { BERTH_S3_HOME: home }) }
  await run(join(import.meta.dir, '../../.ci/s3'), [verb], { env })
}

/** Options for a new bucket there. */
export async function testBucket(changed: Partial<S3Options> = {}): Promise<S3Options> {
  const server = requireServer()
  const options: S3Options = {
    bucket: `test-${crypto.randomUUID()}`,
    region: 'us-east-1',
    endpoint: server.endpoint,
    pathStyle: true,
    prefix: 'registry/',
    encryption: undefined,
    partSize: 5 * 1024 * 1024,
    partsInFlight: 3,
    connections: 16,
    memory: 64 * 1024 * 1024,
    redirect: undefined,
    credentials: async () => server.credentials,
    ...changed,
  }
  const requests = new S3Requests({
    ...options,
    endpoint: server.endpoint,
    credentials: async () => server.credentials,
  })
  await requests.send({ operation: 'CreateBucket', method: 'PUT' }, () => undefined)
  return options
}

/** What makes a server keep its blobs in the bucket. */
export function bucketEnvironment({ bucket, prefix, endpoint = '' }: S3Options): Record<string, string> {
  const { credentials } = requireServer()
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    BERTH_ACCESS_OPEN: 'true',
    BERTH_STORAGE_S3_BUCKET: bucket,
    BERTH_STORAGE_S3_PREFIX: prefix,
    BERTH_STORAGE_S3_ENDPOINT: endpoint,
    BERTH_STORAGE_S3_PART_SIZE: '5MiB',
  }
}

/** Everything that lies in the bucket: keys of objects, and those under which parts wait to become one. */
export async function bucketContents(options: S3Options): Promise<{
  objects: string[]
  /** Of all objects together. */
  bytes: number
  begun: string[]
}> {
  const { credentials } = requireServer()
  const requests = new S3Requests({ ...options, credentials: async () => credentials })
  const objects: string[] = []
  let bytes = 0
  for await (const page of new S3Objects(requests, undefined).list(''))
    for (const { key, size } of page) {
      if (/\/(?:check|identity)$/.test(key)) continue
      objects.push(key)
      bytes += size
    }
  const begun = await new S3Multiparts(requests, undefined).list('')
  return { objects, bytes, begun: begun.map(({ key }) => key) }
}

function requireServer() {
  const server = testServer()
  if (!server) throw new Error('BERTH_TEST_S3 names no server')
  return server
}
