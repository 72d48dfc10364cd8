import type { Looks } from '../load/check.ts'
import { LoadClient } from '../load/client.ts'
import { LayerPool } from '../load/content.ts'
import { resumeUpload } from '../load/push-blob.ts'
import { Random } from '../load/random.ts'
import type { Refused } from '../load/requests.ts'
import type { Place } from '../load/session.ts'
import { Tally } from '../load/tally.ts'
import { type Environment, faultsIn } from '../server.ts'
import { differences } from '../stored-objects.ts'
import type { Breakdown } from './breakdowns.ts'
import { Fleet } from './fleet.ts'
import type { SharedStores } from './shared-stores.ts'

export interface FleetKillOptions {
  readonly seed: number
  readonly stores: SharedStores
  readonly servers: number
  readonly clients: number
  readonly breakdowns: readonly Breakdown[]
  /** How often something breaks. */
  readonly times: number
  readonly progress?: (report: FleetKillReport) => void
}

export interface FleetKillReport {
  readonly breakdowns: Record<string, number>
  readonly tally: Tally
  readonly looks: Looks & { readonly returned: string[] }
  readonly uploads: { finished: number; refused: number }
  /** Answers that a breakdown explains. */
  refusals: number
  live: number
  failures: readonly string[]
}

/** Milliseconds. */
const grace = 2000
/** A turn that a killed server had is another's after this, at the latest. Milliseconds. */
const settling = 60_000

const settings: Environment = {
  BERTH_GC_GRACE: `${grace}ms`,
  BERTH_GC_INTERVAL: '100ms',
  BERTH_GC_KEEP_OBJECTS: '0s',
  BERTH_TRASH_RETENTION: '0s',
  BERTH_METADATA_PATIENCE: '5s',
  BERTH_UPLOADS_EXPIRE: '20s',
}

/** Breaks what a registry of several servers is made of, again and again: nothing acknowledged is ever lost. */
export async function killFleet(options: FleetKillOptions): Promise<FleetKillReport> {
  const run = new FleetKill(options)
  await run.start()
  try {
    for (let done = 0; done < options.times; done += 1) {
      await run.breakOnce()
      options.progress?.(run.report)
    }
    await run.checkAll()
  } finally {
    await run.end()
  }
  return run.report
}

class FleetKill {
  readonly report: FleetKillReport = {
    breakdowns: {},
    tally: new Tally(),
    looks: { manifests: 0, blobs: 0, absent: 0, returned: [] },
    uploads: { finished: 0, refused: 0 },
    refusals: 0,
    live: 0,
    failures: [],
  }
  readonly #options: FleetKillOptions
  readonly #random: Random
  readonly #fleet: Fleet
  readonly #clients: readonly LoadClient[]

  constructor(options: FleetKillOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#fleet = new Fleet(options.stores, settings)
    const pool = new LayerPool({ seed: options.seed, layers: 80, largest: 512 * 1024 })
    const { tally, looks } = this.report
    this.#clients = Array.from(
      { length: options.clients },
      (_, index) =>
        new LoadClient({
          name: `c${index}`,
          random: this.#random.fork(),
          pool,
          repositories: ['fleet/one', 'fleet/two'],
          most: 10,
          outlives: true,
          tolerates: (refused) => this.#tolerates(refused),
          tally,
          looks,
        }),
    )
  }

  async start(): Promise<void> {
    for (let count = 0; count < this.#options.servers; count += 1) await this.#fleet.add()
  }

  async end(): Promise<void> {
    await this.#fleet.end()
  }

  async breakOnce(): Promise<void> {
    const breakdown = this.#random.pick(this.#options.breakdowns)
    if (!breakdown) throw new Error('nothing is to break')
    let over = false
    const working = this.#clients.map((client) => client.work(this.#place, () => over))
    await Bun.sleep(this.#random.between(200, 800))
    await breakdown.happen(this.#fleet, this.#random)
    await Bun.sleep(this.#random.below(300))
    over = true
    await Promise.all(working)
    this.report.breakdowns[breakdown.name] = (this.report.breakdowns[breakdown.name] ?? 0) + 1
    await Promise.all(this.#clients.map((client) => this.#check(client)))
  }

  /** Everything, and that nothing lies in the store which no live image needs. */
  async checkAll(): Promise<void> {
    for (const client of this.#clients) await client.look(this.#place, client.model.manifests)
    const wrong = await this.#settle()
    const { tally } = this.report
    this.report.failures = [...tally.failures, ...wrong, ...faults(this.#fleet.output)]
  }

  get #place(): Place {
    return { url: this.#fleet.url, grace }
  }

  #tolerates({ status, code }: Refused): boolean {
    if (status !== 503 && code !== 'BLOB_UPLOAD_UNKNOWN') return false
    this.report.refusals += 1
    return status === 503
  }

  async #check(client: LoadClient): Promise<void> {
    try {
      await client.look(this.#place, client.model.takeChanged())
      for (const upload of client.uploads)
        this.report.uploads[await resumeUpload(this.#place.url, upload)] += 1
    } catch (error) {
      this.report.tally.wrong(`after a breakdown: ${error instanceof Error ? error.message : error}`)
    }
    client.uploads.clear()
  }

  async #settle(): Promise<readonly string[]> {
    const deadline = Date.now() + settling
    for (;;) {
      for (const client of this.#clients)
        await client.look(
          this.#place,
          client.model.manifests.filter(({ state }) => state !== 'gone'),
        )
      const live = this.#clients.flatMap(({ model }) =>
        model.manifests.filter(({ state, seen }) => state !== 'gone' && seen),
      )
      this.report.live = live.length
      const needed = live.flatMap(({ manifest }) => manifest.blobs.map(({ digest }) => digest))
      const wrong = await differences(this.#options.stores.stored, new Set(needed))
      if (wrong.length === 0 || Date.now() > deadline) return wrong.slice(0, 10)
      await Bun.sleep(500)
    }
  }
}

/** While the database or the bucket is away, jobs fail and say so. */
function faults(output: string): string[] {
  return faultsIn(output).filter((line) => !/does not answer|STORAGE_UNAVAILABLE|storage|bucket/i.test(line))
}
