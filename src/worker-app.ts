import { loadSettings } from './config/load.ts'
import type { Settings } from './config/settings.ts'
import { tlsFilesOf } from './config/tls-files.ts'
import { drained } from './http/drain.ts'
import { startServer } from './http/server.ts'
import { openTls, type Tls } from './http/tls/tls.ts'
import { droppedOf, watchAudit } from './jobs/audit-watch.ts'
import { schedulePullNotices } from './jobs/pull-notices-schedule.ts'
import { BufferedSink } from './logging/buffered-sink.ts'
import { createLogger } from './logging/logger.ts'
import { theServer } from './metadata/changes/attribution.ts'
import type { SharedRates } from './rates/shared-rates.ts'
import { PullNotices } from './registry/pull-notices.ts'
import { PullRecorder } from './registry/pull-recorder.ts'
import { openCounting, registryOf, servingOptions } from './serving.ts'
import { openStores, usesPostgres } from './stores.ts'
import type { WorkerMethods } from './workers/contract.ts'
import { connectToOwner, type Owner, ownerPatience } from './workers/worker/owner-link.ts'

/**
 * Serves as one of several processes, for the owner that started this one, until that ends it.
 * @returns false where the process was started by hand, and there is no owner
 */
export async function runWorker(): Promise<boolean> {
  const started = Promise.withResolvers<WorkerMethods>()
  const owner = connectToOwner({
    // The owner may ask for the first of these before the worker is ready for it.
    revokeUpload: async (id) => (await started.promise).revokeUpload(id),
    flushPulls: async () => (await started.promise).flushPulls(null),
    measure: async () => (await started.promise).measure(null),
    drain: async (order) => (await started.promise).drain(order),
  })
  if (!owner) return false
  try {
    started.resolve(await start(owner))
  } catch (error) {
    const { name, message } = error as Error
    await owner.call('unable', { name, message })
    process.exit(1)
  }
  // The owner's end of the channel keeps the process alive, and ends it.
  return new Promise(() => undefined)
}

async function start(owner: Owner): Promise<WorkerMethods> {
  const orders = await owner.call('hello', null)
  const settings = loadSettings(orders.settings)
  const sink = new BufferedSink(process.stdout.fd)
  const logger = createLogger({
    level: settings['log.level'],
    format: settings['log.format'],
    sink,
    now: () => Date.now(),
  })
  const audit = watchAudit(logger)
  const stores = await openStores(settings, {
    auditTold: audit.told,
    owner: {
      change: (name, args, by = theServer) => owner.call('change', { name, args, by }) as never,
      claim: (id) => owner.call('claimUpload', id),
      release: (claim) => void owner.call('releaseUpload', claim),
    },
  })
  const pulls = new PullRecorder(stores.metadata)
  const pullNotices = new PullNotices(stores.metadata)
  const registry = { ...registryOf(settings, stores, (manifest) => pulls.record(manifest)), pullNotices }
  const tls = await openWorkersTls(settings)
  // On PostgreSQL each process speaks for itself.
  const counting = usesPostgres(settings)
    ? openCounting(settings, stores)
    : { rates: ratesOf(owner), keys: () => 0 }
  const serving = await servingOptions(settings, { registry, logger, tls, counting })
  await owner.call('ready', null)
  const server = startServer({
    ...serving,
    listen: orders.listen,
    startCollector: () => owner.call('startCollector', null),
    measurements: [...audit.measurements, ...serving.measurements, droppedOf(serving.audit)],
    crew: {
      gatherMetrics: () => owner.call('gatherMetrics', null, { patience: ownerPatience }),
      state: () => owner.call('crewState', null, { patience: ownerPatience }),
    },
  })
  const following = tls?.follow(server)
  serving.callers.uses.start()
  serving.audit.start()
  const telling = schedulePullNotices(pullNotices, logger)
  await owner.call('listening', server.urls)
  return {
    revokeUpload: async (id) => stores.blobs.revokeUpload?.(id),
    flushPulls: () => pulls.flush(),
    measure: () => server.measured(),
    async drain({ patience }) {
      following?.stop()
      const cutOff = !(await drained(server, patience))
      await telling.stop()
      await pulls.flush().catch(() => undefined)
      await serving.callers.uses.stop()
      await serving.audit.stop()
      await serving.stopLimits()
      await stores[Symbol.asyncDispose]()
      await sink.end()
      return { cutOff }
    },
  }
}

/** The owner counts what all of its workers do. */
function ratesOf(owner: Owner): SharedRates {
  return {
    sharePulls: (asked) => owner.call('sharePulls', asked, { patience: ownerPatience }),
    beginSignIn: (keys) => owner.call('beginSignIn', keys),
    endSignIn: (outcome) => owner.call('endSignIn', outcome),
  }
}

/** What becomes of the certificate, the owner tells for all. */
async function openWorkersTls(settings: Settings): Promise<Tls | undefined> {
  const files = tlsFilesOf(settings)
  if (!files) return undefined
  const now = () => Date.now()
  const logger = createLogger({ level: 'error', format: 'text', sink: { write: () => undefined }, now })
  return openTls({ files, minVersion: settings['tls.min-version'], logger, now })
}
