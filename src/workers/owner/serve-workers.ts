import type { ChangesMetadata, JournalState } from '../../metadata/metadata-store.ts'
import type { SharedRates } from '../../rates/shared-rates.ts'
import type { OwnerMethods, WorkerOrders } from '../contract.ts'
import { Fleet, type FleetOptions } from './fleet.ts'
import { GatheredMetrics, type Measured } from './gathered-metrics.ts'
import { HeldLeases } from './held-leases.ts'
import { UploadClaims } from './upload-claims.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface OwnerOptions extends Pick<FleetOptions, 'size' | 'command' | 'logger' | 'lines'> {
  readonly orders: WorkerOrders
  /** Where the workers' changes go. */
  readonly metadata: ChangesMetadata
  /** Where what all workers do is counted. */
  readonly rates: SharedRates
  /** What the owner itself measures. */
  readonly own: Measured
  journal(): JournalState | undefined
  startCollector(): boolean | Promise<boolean>
}

export interface RunningWorkers {
  readonly urls: readonly string[]
  flushPulls(): Promise<void>
  stop(patience: number): Promise<{ cutOff: boolean }>
}

/** Starts workers and does for them what one process alone may do. Resolves when all of them serve. */
export async function serveWithWorkers(options: OwnerOptions): Promise<RunningWorkers> {
  const claims = new UploadClaims()
  const metrics = new GatheredMetrics()
  const leases = new Map<WorkerProcess, HeldLeases>()
  const fleet: Fleet = new Fleet({
    ...options,
    methodsFor(worker) {
      const held = new HeldLeases()
      leases.set(worker, held)
      return methodsFor(worker, { options, claims, metrics, held, fleet: () => fleet })
    },
    ended(worker) {
      claims.forget(worker)
      metrics.ended(worker)
      void leases.get(worker)?.giveBack(options.metadata)
      leases.delete(worker)
    },
  })
  const urls = await fleet.start()
  return {
    urls,
    async flushPulls() {
      await Promise.all(fleet.workers.filter(({ serves }) => serves).map((worker) => worker.flushPulls()))
    },
    stop: (patience) => fleet.stop(patience),
  }
}

interface Owner {
  readonly options: OwnerOptions
  readonly claims: UploadClaims
  readonly metrics: GatheredMetrics
  readonly held: HeldLeases
  fleet(): Fleet
}

function methodsFor(worker: WorkerProcess, { options, claims, metrics, held, fleet }: Owner): OwnerMethods {
  const serving = () => fleet().workers.filter(({ serves }) => serves)
  return {
    hello: async () => options.orders,
    ready: () => fleet().mayListen(worker),
    listening: async (urls) => worker.listens(urls),
    unable: async (error) => worker.isUnable(error),
    async change({ name, args, by }) {
      const result = await options.metadata.change(name, args, by)
      held.changed(name, args, result)
      return result
    },
    claimUpload: (id) => claims.claim(id, worker),
    releaseUpload: async (claim) => claims.release(claim),
    sharePulls: (asked) => options.rates.sharePulls(asked),
    beginSignIn: (keys) => options.rates.beginSignIn(keys),
    endSignIn: (outcome) => options.rates.endSignIn(outcome),
    gatherMetrics: () => metrics.gather([options.own, ...serving()]),
    crewState: async () => ({
      started: fleet().started,
      serving: serving().length,
      wanted: options.size,
      journal: options.journal(),
    }),
    startCollector: async () => options.startCollector(),
  }
}
