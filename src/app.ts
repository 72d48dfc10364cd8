import type { SettingSources } from './config/load.ts'
import type { Settings } from './config/settings.ts'
import { type DataDirectory, openDataDirectory } from './data-directory.ts'
import { drained } from './http/drain.ts'
import { listenOn } from './http/listen.ts'
import { BackgroundMetrics } from './http/process-metrics.ts'
import { claimPorts } from './http/shared-port.ts'
import { CollectorMeter } from './jobs/collector-meter.ts'
import { watchJournal } from './jobs/journal-watch.ts'
import { startMaintenance } from './jobs/maintenance.ts'
import { Scrubber } from './jobs/scrub.ts'
import { scrubMeasurements } from './jobs/scrub-measurements.ts'
import type { LineSink, Logger } from './logging/logger.ts'
import { PullRecorder, type RecordsPulls } from './registry/pull-recorder.ts'
import { putRulesOnRecord } from './registry/recorded-rules.ts'
import type { Registry } from './registry/registry.ts'
import { collectorRulesOf, retentionRulesOf, rulesOf } from './rules.ts'
import { registryOf, servingOptions } from './serving.ts'
import { type RunningWorkers, serveWithWorkers } from './workers/owner/serve-workers.ts'

/** A registry that serves, put together from its settings. */
export interface App {
  readonly urls: readonly string[]
  readonly data: string
  /** Takes nothing new and lets transfers finish; those that still run after `patience` milliseconds are cut off. */
  stop(patience: number): Promise<{ cutOff: boolean }>
}

export interface AppOptions {
  readonly settings: Settings
  readonly logger: Logger
  /** What workers need to be started: the program that is one, what they read their settings from, and their log. */
  readonly workers: {
    readonly command: readonly string[]
    readonly sources: SettingSources
    readonly lines: LineSink
  }
}

/** @throws DataInUseError, DatabaseTooNewError, ListenError, and what the disk says of the data directory */
export async function startApp(options: AppOptions): Promise<App> {
  const { settings, logger } = options
  const journal = watchJournal(logger)
  const data = await openDataDirectory({
    data: settings.data,
    cacheSize: settings['storage.cache'],
    exclusive: true,
    shared: settings.workers > 1,
    journalTold: journal.told,
  })
  try {
    await putRulesOnRecord(data.metadata, {
      rules: rulesOf(settings),
      collector: collectorRulesOf(settings),
      retention: retentionRulesOf(settings),
    })
    const pulls = new PullRecorder(data.metadata)
    await pulls.start()
    const start = settings.workers === 1 ? serveAlone : serveThroughWorkers
    const background = backgroundOf({ ...options, data, journal })
    return await start({ ...options, data, journal, pulls, background })
  } catch (error) {
    await data[Symbol.asyncDispose]()
    throw error
  }
}

interface Parts extends AppOptions {
  readonly data: DataDirectory
  readonly journal: ReturnType<typeof watchJournal>
  readonly pulls: PullRecorder
  readonly background: Background
}

/** This process answers requests, and does the rest beside. */
async function serveAlone({ settings, logger, data, journal, pulls, background }: Parts): Promise<App> {
  const registry = registryOf(settings, data, (manifest) => pulls.record(manifest))
  const server = await listenOn(settings.listen, {
    ...servingOptions(settings, { registry, logger }),
    journal: journal.state,
    startCollector: () => maintenance.startCollector(),
    measurements: background.measurements,
  })
  const maintenance = background.start(registry, pulls)
  return {
    urls: server.urls,
    data: data.path,
    async stop(patience) {
      const cutOff = !(await drained(server, patience))
      await maintenance.stop()
      await data[Symbol.asyncDispose]()
      return { cutOff }
    },
  }
}

/** Other processes answer requests; this one makes their changes, and does what is to be done once. */
async function serveThroughWorkers(parts: Parts): Promise<App> {
  const { settings, logger, workers, data, journal, background } = parts
  const ports = await claimPorts(settings.listen)
  let running: RunningWorkers
  try {
    const measured = new BackgroundMetrics(background.measurements)
    running = await serveWithWorkers({
      size: settings.workers,
      command: workers.command,
      logger,
      lines: workers.lines,
      orders: { settings: workers.sources, listen: ports.addresses },
      metadata: data.metadata,
      own: { measure: () => measured.own() },
      journal: journal.state,
      startCollector: () => maintenance.startCollector(),
    })
  } finally {
    ports.release()
  }
  const registry = registryOf(settings, data, () => undefined)
  const maintenance = background.start(registry, { flush: () => running.flushPulls() })
  return {
    urls: running.urls,
    data: data.path,
    async stop(patience) {
      const outcome = await running.stop(patience)
      await maintenance.stop()
      await data[Symbol.asyncDispose]()
      return outcome
    },
  }
}

type Background = ReturnType<typeof backgroundOf>

/** What one process does by itself, whoever answers requests. */
function backgroundOf({ settings, logger, data, journal }: Omit<Parts, 'pulls' | 'background'>) {
  const { metadata, blobs } = data
  const meter = new CollectorMeter()
  const scrubber = new Scrubber({
    metadata,
    blobs,
    logger,
    rate: settings['scrub.rate'],
    interval: settings['scrub.interval'],
    now: () => Date.now(),
  })
  return {
    measurements: [...meter.measurements(metadata), ...scrubMeasurements(scrubber), ...journal.measurements],
    start: (registry: Registry, pulls: RecordsPulls) =>
      startMaintenance({
        registry,
        pulls,
        scrubber,
        logger,
        rules: collectorRulesOf(settings),
        meter,
        interval: settings['gc.interval'],
        retention: retentionRulesOf(settings),
      }),
  }
}
