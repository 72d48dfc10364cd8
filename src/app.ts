import { offerSetupCode, settleClosing } from './access/closing.ts'
import { createDecide } from './access/decide.ts'
import { rememberDecisions } from './access/remembered-decisions.ts'
import { openSignIn } from './access/sign-in/open-sign-in.ts'
import type { Settings } from './config/settings.ts'
import { tlsFilesOf } from './config/tls-files.ts'
import { forwarding } from './http/forwarding.ts'
import { listenOn } from './http/listen.ts'
import type { RunningServer } from './http/server.ts'
import { openTls } from './http/tls/tls.ts'
import { CollectorMeter } from './jobs/collector-meter.ts'
import { watchJournal } from './jobs/journal-watch.ts'
import { startMaintenance } from './jobs/maintenance.ts'
import { Scrubber } from './jobs/scrub.ts'
import { scrubMeasurements } from './jobs/scrub-measurements.ts'
import type { Logger } from './logging/logger.ts'
import { requireMeantOpen } from './open-access.ts'
import { PullRecorder } from './registry/pull-recorder.ts'
import { putRulesOnRecord } from './registry/recorded-rules.ts'
import type { Registry } from './registry/registry.ts'
import { UnfinishedHashes } from './registry/uploads/hashes.ts'
import { collectorRulesOf, retentionRulesOf, rulesOf, switchesOf } from './rules.ts'
import { openStores, type Places } from './stores.ts'
import { version } from './version.ts'

/** A registry that serves, put together from its settings. */
export interface App {
  readonly urls: readonly string[]
  readonly places: Places
  /** Whether it has, or ever had, accounts. */
  readonly closed: boolean
  /** What makes the first account from elsewhere; undefined when there are accounts. */
  readonly setupCode: string | undefined
  /** Takes nothing new and lets transfers finish; those that still run after `patience` milliseconds are cut off. */
  stop(patience: number): Promise<{ cutOff: boolean }>
}

/** @throws SettingError, KeyPairError, DataInUseError, DatabaseTooNewError, ListenError, and what the disk says of the data directory or PostgreSQL of itself */
export async function startApp(settings: Settings, logger: Logger): Promise<App> {
  const journal = watchJournal(logger)
  const tlsFiles = tlsFilesOf(settings)
  const tls =
    tlsFiles &&
    (await openTls({
      files: tlsFiles,
      minVersion: settings['tls.min-version'],
      logger,
      now: () => Date.now(),
    }))
  const stores = await openStores(settings, { journalTold: journal.told })
  try {
    const { metadata, blobs } = stores
    const { closed } = await settleClosing({ metadata, blobs })
    requireMeantOpen(settings, { closed })
    const rules = rulesOf(settings)
    const collector = collectorRulesOf(settings)
    const retention = retentionRulesOf(settings)
    await putRulesOnRecord(metadata, { rules, collector, retention })
    const setupCode = await offerSetupCode(metadata)
    const pulls = new PullRecorder(metadata)
    await pulls.start()
    const registry: Registry = {
      metadata,
      blobs,
      hashes: new UnfinishedHashes(),
      rules,
      now: () => Date.now(),
      newId: () => crypto.randomUUID(),
      newTrashId: () => Bun.randomUUIDv7(),
      pulled: (manifest) => pulls.record(manifest),
    }
    const meter = new CollectorMeter()
    const scrubber = new Scrubber({
      metadata,
      blobs,
      logger,
      rate: settings['scrub.rate'],
      interval: settings['scrub.interval'],
      now: () => Date.now(),
    })
    const url = settings['http.url'] ?? undefined
    const looked = createDecide({ metadata, switches: switchesOf(settings), now: registry.now })
    const decide = rememberDecisions(looked, metadata)
    const callers = await openSignIn({ metadata, decide, url, now: () => Date.now() })
    callers.uses.start()
    const server = await listenOn(settings.listen, {
      registry,
      decide,
      callers,
      forwarding: forwarding({ url, trustedProxies: settings['http.trusted-proxies'] }),
      logger,
      version,
      origins: new Set(settings['http.cors-origins']),
      idleTimeout: settings['http.idle-timeout'],
      tls: tls?.listener,
      journal: journal.state,
      startCollector: () => maintenance.startCollector(),
      measurements: [
        ...meter.measurements(metadata),
        ...scrubMeasurements(scrubber),
        ...journal.measurements,
        ...(tls?.measurements ?? []),
      ],
    })
    const following = tls?.follow(server)
    const maintenance = startMaintenance({
      registry,
      pulls,
      scrubber,
      logger,
      rules: collector,
      meter,
      interval: settings['gc.interval'],
      retention,
    })
    return {
      urls: server.urls,
      places: stores.places,
      closed,
      setupCode,
      async stop(patience) {
        following?.stop()
        const cutOff = !(await drained(server, patience))
        await maintenance.stop()
        await callers.uses.stop()
        await stores[Symbol.asyncDispose]()
        return { cutOff }
      },
    }
  } catch (error) {
    await stores[Symbol.asyncDispose]()
    throw error
  }
}

/** @returns whether every transfer came to its end in time */
async function drained(server: RunningServer, patience: number): Promise<boolean> {
  const late = Symbol()
  const timer = Promise.withResolvers<typeof late>()
  const timeout = setTimeout(() => timer.resolve(late), patience)
  const outcome = await Promise.race([server.drain(), timer.promise])
  clearTimeout(timeout)
  if (outcome !== late) return true
  await server.close()
  return false
}
