import { createDecide } from './access/decide.ts'
import {
  type DirectoryTally,
  openDirectories,
  openDirectorySignIn,
} from './access/directories/open-directories.ts'
import { rememberDecisions } from './access/remembered-decisions.ts'
import { openSignIn } from './access/sign-in/open-sign-in.ts'
import { createPasswordHasher } from './access/sign-in/password-hashes.ts'
import { storedRates } from './access/stored-rates.ts'
import type { Settings } from './config/settings.ts'
import { PullLimits } from './http/distribution/pull-limits.ts'
import { forwarding } from './http/forwarding.ts'
import { boundHeaders } from './http/header-size.ts'
import { limitMeasurements } from './http/limit-measurements.ts'
import type { ServerOptions } from './http/server.ts'
import type { Tls } from './http/tls/tls.ts'
import type { Logger } from './logging/logger.ts'
import type { Measurement } from './logging/measurement.ts'
import type { Pull } from './metadata/changes/state.ts'
import { notificationRulesOf, notifyingWith } from './notifying.ts'
import { MemoryRates } from './rates/memory-rates.ts'
import { PullShares } from './rates/pull-shares.ts'
import type { SharedRates } from './rates/shared-rates.ts'
import { AuditRecorder } from './registry/audit/recorder.ts'
import { requireWritable } from './registry/read-only.ts'
import type { Registry } from './registry/registry.ts'
import { UnfinishedHashes } from './registry/uploads/hashes.ts'
import { bodyLimitsOf, contentLimitsOf, rulesOf, switchesOf } from './rules.ts'
import { type Stores, sharesUploads, usesPostgres } from './stores.ts'
import { version } from './version.ts'

/** What the use cases work with, in a process that serves alone, in an owner of workers and in each of them. */
export function registryOf(
  settings: Settings,
  { metadata, blobs, now }: Pick<Stores, 'metadata' | 'blobs' | 'now'>,
  pulled: (manifest: Pull) => void,
): Registry {
  return {
    metadata,
    blobs,
    hashes: new UnfinishedHashes({ shared: sharesUploads(settings) }),
    replicated: usesPostgres(settings),
    rules: rulesOf(settings),
    limits: contentLimitsOf(settings),
    now,
    newId: () => crypto.randomUUID(),
    newTrashId: () => Bun.randomUUIDv7('hex', now()),
    pulled,
  }
}

/** Where wrong sign-ins and pulls are counted. */
export interface Counting {
  readonly rates: SharedRates
  /** How many keys this process remembers for that. */
  keys(): number
}

/** Where the process that starts all others, or serves alone, counts what they do. */
export function openCounting(
  settings: Settings,
  { metadata, now }: Pick<Stores, 'metadata' | 'now'>,
): Counting {
  if (usesPostgres(settings)) return { rates: storedRates(metadata, now), keys: () => 0 }
  const rates = new MemoryRates(now)
  return { rates, keys: () => rates.size }
}

function workloadOf(settings: Settings) {
  return {
    lifetime: settings['workload.lifetime'],
    privateIssuers: settings['workload.private-issuers'],
  }
}

/** What every process that serves is set to, whether it is alone or one of several. */
export async function servingOptions(
  settings: Settings,
  {
    registry,
    logger,
    tls,
    counting: { rates, keys },
  }: { registry: Registry; logger: Logger; tls: Tls | undefined; counting: Counting },
) {
  const { metadata, now, newId } = registry
  await boundHeaders(settings['limits.header-size'])
  const url = settings['http.url'] ?? undefined
  const switches = switchesOf(settings)
  const decide = rememberDecisions(createDecide({ metadata, switches, now }), metadata, now)
  const hasher = createPasswordHasher()
  const tally = { answered: 0, failed: 0 }
  const places = settings.ldap
  const elsewhere = await openDirectorySignIn({
    places,
    metadata,
    rates,
    now,
    newId,
    requireWritable: () => requireWritable(registry),
    log: logger,
    tally,
  })
  const callers = await openSignIn({
    metadata,
    decide,
    url,
    hasher,
    rates,
    workload: workloadOf(settings),
    elsewhere,
    now,
    newId,
  })
  const pulls = openPullLimits(settings, { rates, now })
  const audit = new AuditRecorder({
    metadata,
    pulls: settings['audit.pulls'],
    now,
    failed: (error) =>
      logger.error('what happened could not be recorded in the audit log', { error: String(error) }),
  })
  return {
    registry,
    decide,
    audit,
    callers,
    pullLimits: pulls?.limits,
    stopLimits: async () => pulls?.shares.stop(),
    accounts: {
      hasher,
      registration: switches.registration,
      directories: () => openDirectories({ places, now, log: logger }),
    },
    notifying: notifyingWith(notificationRulesOf(settings), { port: settings.listen[0]?.port ?? 0, now }),
    forwarding: forwarding({ url, trustedProxies: settings['http.trusted-proxies'] }),
    logger,
    version,
    origins: new Set(settings['http.cors-origins']),
    idleTimeout: settings['http.idle-timeout'],
    limits: bodyLimitsOf(settings),
    tls: tls?.listener,
    measurements: [
      ...limitMeasurements({ signIns: callers.limits, pulls, keys }),
      ...(elsewhere ? directoryMeasurements(tally) : []),
    ],
  } satisfies Partial<ServerOptions> & { stopLimits(): Promise<void> }
}

interface OpenPullLimits {
  readonly limits: PullLimits
  readonly shares: PullShares
}

function openPullLimits(
  settings: Settings,
  { rates, now }: { rates: SharedRates; now(): number },
): OpenPullLimits | undefined {
  const anonymous = settings['limits.pulls.anonymous'] ?? undefined
  const account = settings['limits.pulls.account'] ?? undefined
  if (!anonymous && !account) return undefined
  const shares = new PullShares({ shared: rates, now })
  shares.start()
  return { limits: new PullLimits({ anonymous, account }, shares), shares }
}

function directoryMeasurements(tally: Readonly<DirectoryTally>): Measurement[] {
  return [
    {
      name: 'berth_directory_answers_total',
      help: 'Conversations with LDAP directories that were answered, also by a no',
      kind: 'counter',
      read: () => tally.answered,
    },
    {
      name: 'berth_directory_failures_total',
      help: 'Conversations with LDAP directories that failed: away, too slow, not trusted, or refused',
      kind: 'counter',
      read: () => tally.failed,
    },
  ]
}
