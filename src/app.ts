import { hostname } from 'node:os'
import { closeForGood, offerSetupCode, settleClosing } from './access/closing.ts'
import type { SettingSources } from './config/load.ts'
import type { Settings } from './config/settings.ts'
import { tlsFilesOf } from './config/tls-files.ts'
import { drained } from './http/drain.ts'
import { keysMeasurement } from './http/limit-measurements.ts'
import { listenOn } from './http/listen.ts'
import { BackgroundMetrics } from './http/process-metrics.ts'
import { claimPorts } from './http/shared-port.ts'
import { openTls, type Tls } from './http/tls/tls.ts'
import { type AuditWatch, auditMeasurements, droppedOf, watchAudit } from './jobs/audit-watch.ts'
import { CollectorMeter } from './jobs/collector-meter.ts'
import { Courier } from './jobs/courier.ts'
import { courierMeasurements } from './jobs/courier-measurements.ts'
import { watchJournal } from './jobs/journal-watch.ts'
import { startMaintenance } from './jobs/maintenance.ts'
import { schedulePullNotices } from './jobs/pull-notices-schedule.ts'
import { Scrubber } from './jobs/scrub.ts'
import { scrubMeasurements } from './jobs/scrub-measurements.ts'
import { turnMeasurements } from './jobs/turn-measurements.ts'
import { alone, SharedTurns } from './jobs/turns.ts'
import type { LineSink, Logger } from './logging/logger.ts'
import { notificationRulesOf, notifyingWith } from './notifying.ts'
import { requireMeantOpen } from './open-access.ts'
import { PullNotices } from './registry/pull-notices.ts'
import { PullRecorder, type RecordsPulls } from './registry/pull-recorder.ts'
import { putRulesOnRecord } from './registry/recorded-rules.ts'
import type { Registry } from './registry/registry.ts'
import { collectorRulesOf, retentionRulesOf, rulesOf, switchesOf } from './rules.ts'
import { openCounting, registryOf, servingOptions } from './serving.ts'
import { openStores, type Places, type Stores, usesPostgres } from './stores.ts'
import { type RunningWorkers, serveWithWorkers } from './workers/owner/serve-workers.ts'

/** A registry that serves, put together from its settings. */
export interface App {
  readonly urls: readonly string[]
  readonly places: Places
  /** Whether it has, or ever had, accounts. */
  readonly closed: boolean
  /** What makes the first account over the network; undefined when there are accounts. */
  readonly setupCode: string | undefined
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

/** @throws SettingError, KeyPairError, DataInUseError, DatabaseTooNewError, ListenError, and what the disk says of the data directory or PostgreSQL of itself */
export async function startApp(options: AppOptions): Promise<App> {
  const { settings, logger } = options
  const journal = watchJournal(logger)
  const audit = watchAudit(logger)
  const files = tlsFilesOf(settings)
  const minVersion = settings['tls.min-version']
  const tls = files && (await openTls({ files, minVersion, logger, now: () => Date.now() }))
  const stores = await openStores(settings, {
    shared: settings.workers > 1,
    journalTold: journal.told,
    auditTold: audit.told,
  })
  try {
    const settled = await settleClosing(stores)
    const closed = settled.closed || settings.ldap.length > 0
    if (closed && !settled.closed) await closeForGood(stores, { why: 'a directory of people was set (ldap)' })
    requireMeantOpen(settings, { closed })
    await putRulesOnRecord(stores.metadata, {
      rules: rulesOf(settings),
      collector: collectorRulesOf(settings),
      retention: retentionRulesOf(settings),
      switches: switchesOf(settings),
      notifications: notificationRulesOf(settings),
    })
    const setupCode = await offerSetupCode(stores.metadata)
    const pulls = new PullRecorder(stores.metadata)
    await pulls.start()
    const start = settings.workers === 1 ? serveAlone : serveThroughWorkers
    const background = backgroundOf({ ...options, stores, journal, audit, tls })
    const served = await start({ ...options, stores, journal, audit, tls, pulls, background })
    return { ...served, closed, setupCode, places: stores.places }
  } catch (error) {
    await stores[Symbol.asyncDispose]()
    throw error
  }
}

type Served = Pick<App, 'urls' | 'stop'>

interface Parts extends AppOptions {
  readonly stores: Stores
  readonly journal: ReturnType<typeof watchJournal>
  readonly audit: AuditWatch
  readonly tls: Tls | undefined
  readonly pulls: PullRecorder
  readonly background: Background
}

/** This process answers requests, and does the rest beside. */
async function serveAlone({
  settings,
  logger,
  stores,
  journal,
  tls,
  pulls,
  background,
}: Parts): Promise<Served> {
  const pullNotices = new PullNotices(stores.metadata)
  const registry = { ...registryOf(settings, stores, (manifest) => pulls.record(manifest)), pullNotices }
  const counting = openCounting(settings, stores)
  const serving = await servingOptions(settings, { registry, logger, tls, counting })
  const server = await listenOn(settings.listen, {
    ...serving,
    journal: journal.state,
    startCollector: () => maintenance.startCollector(),
    measurements: [...background.measurements, ...serving.measurements, droppedOf(serving.audit)],
  })
  const following = tls?.follow(server)
  serving.callers.uses.start()
  serving.audit.start()
  const telling = schedulePullNotices(pullNotices, logger)
  const maintenance = background.start(registry, pulls)
  return {
    urls: server.urls,
    async stop(patience) {
      following?.stop()
      const cutOff = !(await drained(server, patience))
      await telling.stop()
      await maintenance.stop()
      await serving.callers.uses.stop()
      await serving.audit.stop()
      await serving.stopLimits()
      await stores[Symbol.asyncDispose]()
      return { cutOff }
    },
  }
}

/** Other processes answer requests; this one makes their changes, and does what is to be done once. */
async function serveThroughWorkers(parts: Parts): Promise<Served> {
  const { settings, logger, workers, stores, journal, tls, background } = parts
  const ports = await claimPorts(settings.listen)
  let running: RunningWorkers
  try {
    const { rates, keys } = openCounting(settings, stores)
    const measured = new BackgroundMetrics([...background.measurements, keysMeasurement(keys)])
    running = await serveWithWorkers({
      size: settings.workers,
      command: workers.command,
      logger,
      lines: workers.lines,
      orders: { settings: workers.sources, listen: ports.addresses },
      metadata: stores.metadata,
      rates,
      own: { measure: () => measured.own() },
      journal: journal.state,
      startCollector: () => maintenance.startCollector(),
    })
  } finally {
    ports.release()
  }
  // The workers follow the files themselves; this one tells of it.
  const following = tls?.follow({ renewTls: () => undefined })
  const registry = registryOf(settings, stores, () => undefined)
  const maintenance = background.start(registry, { flush: () => running.flushPulls() })
  return {
    urls: running.urls,
    async stop(patience) {
      following?.stop()
      const outcome = await running.stop(patience)
      await maintenance.stop()
      await stores[Symbol.asyncDispose]()
      return outcome
    },
  }
}

type Background = ReturnType<typeof backgroundOf>

/** What one process does by itself, whoever answers requests. */
function backgroundOf({
  settings,
  logger,
  stores,
  journal,
  audit,
  tls,
}: Omit<Parts, 'pulls' | 'background'>) {
  const { metadata, blobs } = stores
  const meter = new CollectorMeter()
  const shared = usesPostgres(settings)
  const runner = shared ? `${hostname()}:${process.pid}` : 'server'
  const turns = shared ? new SharedTurns({ metadata, logger, runner }) : undefined
  const scrubber = new Scrubber({
    metadata,
    blobs,
    logger,
    rate: settings['scrub.rate'],
    interval: settings['scrub.interval'],
    turns: turns ?? alone,
    now: stores.now,
  })
  const { now } = stores
  const port = settings.listen[0]?.port ?? 0
  const courier = new Courier({
    metadata,
    sender: notifyingWith(notificationRulesOf(settings), { port, now }).sender,
    logger,
    retryFor: settings['notifications.retry-for'],
    random: Math.random,
    newId: () => crypto.randomUUID(),
  })
  return {
    measurements: [
      ...meter.measurements(metadata),
      ...scrubMeasurements(scrubber),
      ...courierMeasurements(courier, metadata),
      ...journal.measurements,
      ...audit.measurements,
      ...auditMeasurements(metadata),
      ...(tls?.measurements ?? []),
      ...(turns ? turnMeasurements(turns, metadata) : []),
    ],
    start: (registry: Registry, pulls: RecordsPulls) =>
      startMaintenance({
        registry,
        pulls,
        scrubber,
        courier,
        keepDeliveries: settings['notifications.keep'],
        logger,
        rules: collectorRulesOf(settings),
        meter,
        interval: settings['gc.interval'],
        retention: retentionRulesOf(settings),
        auditAge: settings['audit.retention'],
        turns: turns ?? alone,
        runner,
      }),
  }
}
