import type { Digest } from '../../src/oci/digest.ts'
import { temporaryDirectory } from '../support/berth.ts'
import type { Looks } from './load/check.ts'
import { LoadClient } from './load/client.ts'
import { LayerPool, type Manifest } from './load/content.ts'
import { Random } from './load/random.ts'
import type { Place } from './load/session.ts'
import { spreadOver } from './load/spread.ts'
import { Tally } from './load/tally.ts'
import { type Environment, faultsIn, type Server, startServer } from './server.ts'
import { differences, objectsInFiles, RemovalWatch, type StoredObjects } from './stored-objects.ts'

export interface RaceOptions {
  readonly seed: number
  /** Milliseconds. */
  readonly grace: number
  /** How long at least; it goes on until enough objects were removed, but at most three times as long. */
  readonly seconds: number
  readonly removals: number
  readonly clients: number
  /** How long deletions stay in the trash; for no time unless given. Milliseconds. */
  readonly trash?: number
  /** Further settings: another store, for one. */
  readonly env?: Environment
  /** Where that store is looked into; the data directory's files unless given. */
  readonly stored?: (data: string) => StoredObjects
  /** How many servers answer in turn; one unless given. */
  readonly servers?: number
}

export interface RaceReport {
  readonly tally: Tally
  readonly looks: Looks
  /** Objects that were seen to go while clients worked. */
  readonly removed: number
  /** Images and indexes that were live at the end. */
  readonly live: number
  /** Objects at the end, each of which a live image needs. */
  readonly objects: number
  readonly failures: readonly string[]
}

/** How often the store is looked into. Milliseconds. */
const watchInterval = 200
/** What is over must be gone by then, with a collector that never pauses. Milliseconds. */
const settling = 20_000

/** The collector without pause beside clients that share layers: no acknowledged image ever loses a blob. */
export async function race(options: RaceOptions): Promise<RaceReport> {
  const data = options.env?.BERTH_DATA ?? (await temporaryDirectory())
  const stored = (options.stored ?? objectsInFiles)(data)
  const env = { ...collectingWithoutPause(options), ...options.env }
  const servers: Server[] = []
  for (let index = 0; index < (options.servers ?? 1); index += 1)
    servers.push(await startServer({ data, env }))
  for (const server of servers) await server.answering()
  const tally = new Tally()
  const looks = { manifests: 0, blobs: 0, absent: 0 }
  const clients = newClients(options, { tally, looks })
  const url = spreadOver(() => servers.map((server) => server.url))
  const place = { url, grace: options.grace }
  const watch = new RemovalWatch(stored)
  try {
    await work(clients, place, { ...options, watch })
    const removed = watch.removed
    for (const client of clients) await client.look(place, client.model.manifests)
    const live = await settle(clients, place, stored)
    const objects = (await stored.list()).length
    const few = removed < options.removals ? [`only ${removed} objects were removed`] : []
    const failures = [
      ...tally.failures,
      ...few,
      ...live.wrong,
      ...servers.flatMap((server) => faultsIn(server.output())),
    ]
    return { tally, looks, removed, live: live.manifests, objects, failures }
  } finally {
    await Promise.all(servers.map((server) => server.end('SIGTERM')))
  }
}

function collectingWithoutPause({ grace, trash = 0 }: RaceOptions): Environment {
  return {
    BERTH_GC_GRACE: `${grace}ms`,
    BERTH_GC_INTERVAL: '1ms',
    BERTH_GC_KEEP_OBJECTS: '0s',
    BERTH_TRASH_RETENTION: `${trash}ms`,
  }
}

function newClients(options: RaceOptions, shared: { tally: Tally; looks: Looks }): LoadClient[] {
  const random = new Random(options.seed)
  const pool = new LayerPool({ seed: options.seed, layers: 120, largest: 256 * 1024 })
  const repositories = ['race/one', 'race/two', 'race/three']
  return Array.from(
    { length: options.clients },
    (_, index) =>
      new LoadClient({ name: `c${index}`, random: random.fork(), pool, repositories, most: 12, ...shared }),
  )
}

async function work(
  clients: readonly LoadClient[],
  place: Place,
  { seconds, removals, watch }: { seconds: number; removals: number; watch: RemovalWatch },
): Promise<void> {
  const begun = performance.now()
  const over = () => {
    const passed = (performance.now() - begun) / 1000
    return passed >= seconds && (watch.removed >= removals || passed >= 3 * seconds)
  }
  const watching = async () => {
    while (!over()) {
      await watch.look()
      await Bun.sleep(watchInterval)
    }
    await watch.look()
  }
  await Promise.all([watching(), ...clients.map((client) => client.work(place, over))])
}

/** With nothing under way, the store must come to hold what the live manifests need, exactly. */
async function settle(
  clients: readonly LoadClient[],
  place: Place,
  stored: StoredObjects,
): Promise<{ manifests: number; wrong: readonly string[] }> {
  const deadline = Date.now() + 2 * place.grace + settling
  for (;;) {
    // What may follow a deleted parent goes, or stays: only a look tells.
    for (const client of clients)
      await client.look(
        place,
        client.model.manifests.filter(({ state }) => state !== 'gone'),
      )
    const manifests = clients.flatMap(({ model }) =>
      model.manifests.filter(({ state, seen }) => state !== 'gone' && seen),
    )
    const needed = neededBy(manifests.map(({ manifest }) => manifest))
    const wrong = await differences(stored, new Set(needed.keys()))
    const [bytes, live] = [await stored.bytes?.(), sumOf(needed)]
    if (bytes !== undefined && bytes !== live)
      wrong.push(`${bytes} bytes are stored, and live images need ${live}`)
    if (wrong.length === 0 || Date.now() > deadline)
      return { manifests: manifests.length, wrong: wrong.slice(0, 10) }
    await Bun.sleep(watchInterval)
  }
}

/** Bytes of each blob. */
function neededBy(manifests: readonly Manifest[]): Map<Digest, number> {
  return new Map(
    manifests.flatMap(({ blobs }) => blobs.map(({ digest, bytes }) => [digest, bytes.length] as const)),
  )
}

function sumOf(sizes: ReadonlyMap<Digest, number>): number {
  return sizes.values().reduce((sum, size) => sum + size, 0)
}
