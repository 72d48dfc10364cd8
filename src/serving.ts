import { createDecide } from './access/decide.ts'
import { rememberDecisions } from './access/remembered-decisions.ts'
import { openSignIn } from './access/sign-in/open-sign-in.ts'
import { createPasswordHasher } from './access/sign-in/password-hashes.ts'
import type { Settings } from './config/settings.ts'
import { forwarding } from './http/forwarding.ts'
import type { ServerOptions } from './http/server.ts'
import type { Tls } from './http/tls/tls.ts'
import type { Logger } from './logging/logger.ts'
import type { Pull } from './metadata/changes/state.ts'
import { notificationRulesOf, notifyingWith } from './notifying.ts'
import { AuditRecorder } from './registry/audit/recorder.ts'
import type { Registry } from './registry/registry.ts'
import { UnfinishedHashes } from './registry/uploads/hashes.ts'
import { rulesOf, switchesOf } from './rules.ts'
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
    now,
    newId: () => crypto.randomUUID(),
    newTrashId: () => Bun.randomUUIDv7('hex', now()),
    pulled,
  }
}

/** What every process that serves is set to, whether it is alone or one of several. */
export async function servingOptions(
  settings: Settings,
  { registry, logger, tls }: { registry: Registry; logger: Logger; tls: Tls | undefined },
) {
  const { metadata, now } = registry
  const url = settings['http.url'] ?? undefined
  const switches = switchesOf(settings)
  const decide = rememberDecisions(createDecide({ metadata, switches, now }), metadata, now)
  const hasher = createPasswordHasher()
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
    callers: await openSignIn({ metadata, decide, url, hasher, now }),
    accounts: { hasher, registration: switches.registration },
    notifying: notifyingWith(notificationRulesOf(settings), { port: settings.listen[0]?.port ?? 0, now }),
    forwarding: forwarding({ url, trustedProxies: settings['http.trusted-proxies'] }),
    logger,
    version,
    origins: new Set(settings['http.cors-origins']),
    idleTimeout: settings['http.idle-timeout'],
    tls: tls?.listener,
  } satisfies Partial<ServerOptions>
}
