import { join } from 'node:path'
import { Courier, type CourierOptions } from '../../src/jobs/courier.ts'
import type { Logger } from '../../src/logging/logger.ts'
import { manifest, tag as tagOf } from '../../src/metadata/contract/fixtures.ts'
import { webhook } from '../../src/metadata/contract/webhooks-fixtures.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { openSqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { type FindAddresses, requestOutbound } from '../../src/net/outbound-request.ts'
import { guardAddresses } from '../../src/net/public-addresses.ts'
import { newWebhookSecret } from '../../src/notifications/signature.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import { temporaryDirectory } from './berth.ts'

/** Couriers of a test, and what else it started: the last first. */
const started: { stop(): Promise<void> }[] = []

export async function stopAll(): Promise<void> {
  for (const each of started.splice(0)) await each.stop()
}

/** Stopped with the others at the end of the test. */
export function stopLater(stop: () => Promise<void>): void {
  started.push({ stop })
}

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} } as unknown as Logger
/** Of every webhook that `add` makes. */
export const secret = newWebhookSecret()
const hour = 3_600_000

export async function openStore(): Promise<MetadataStore> {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const store = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  started.push({ stop: () => store.close() })
  return store
}

interface Changed {
  timeout?: number
  retryFor?: number
  allowed?: readonly string[]
  delay?: CourierOptions['delay']
  /** How much later it is for the sender than for the database. */
  later?: number
}

const named: FindAddresses = async () => [{ address: '127.0.0.1', family: 4 }]

export function start(metadata: MetadataStore, changed: Changed = {}): Courier {
  const { timeout = 5000, retryFor = hour, allowed = ['127.0.0.1'], delay = () => 20, later = 0 } = changed
  const outbound = { guard: guardAddresses(allowed), find: named }
  const courier = new Courier({
    metadata,
    logger,
    retryFor,
    pace: 20,
    delay,
    random: Math.random,
    newId: () => crypto.randomUUID(),
    sender: {
      request: (asked) => requestOutbound(outbound, asked),
      source: { address: 'here:5000', instance: 'instance', url: undefined },
      userAgent: 'berth/test',
      timeout,
      now: () => Date.now() + later,
    },
  })
  courier.start()
  // Before the store, which is closed last.
  started.unshift(courier)
  return courier
}

export async function add(store: MetadataStore, name: string, url: string, changed = {}): Promise<void> {
  await store.change('createWebhook', { ...webhook(name), url, secret, ...changed })
}

export async function push(store: MetadataStore, repository: string, tag = 'v1') {
  const image = { ...manifest('image'), repository: repository as RepositoryName, tags: [tagOf(tag)] }
  await store.change('putManifest', image)
  return image
}

export async function deliveries(store: MetadataStore, name: string) {
  return store.listDeliveries({ webhook: `id-${name}`, state: undefined, after: '', limit: 100 })
}

export async function untilStates(store: MetadataStore, name: string, wanted: string[]): Promise<void> {
  const states = async () => (await deliveries(store, name)).map(({ state }) => state).join()
  await until(states, wanted.join())
}

export async function until<T>(look: () => Promise<T>, wanted: T): Promise<void> {
  for (const deadline = Date.now() + 15_000; ; await Bun.sleep(10)) {
    const found = await look()
    if (found === wanted) return
    if (Date.now() > deadline) throw new Error(`it is ${found}, not ${wanted}`)
  }
}
