import { availableParallelism } from 'node:os'
import { type LogFormat, type LogLevel, logFormats, logLevels } from '../logging/logger.ts'
import { abuseSettings } from './abuse-settings.ts'
import { directories } from './directories.ts'
import { notificationSettings } from './notification-settings.ts'
import { postgresUrl } from './postgres-url.ts'
import { pullLimitSettings } from './pull-limits.ts'
import { retentionRule } from './retention-rules.ts'
import { s3Settings } from './s3-settings.ts'
import { type Setting, setting } from './setting.ts'
import {
  addressRange,
  duration,
  durationBetween,
  durationOrOff,
  durationUpTo,
  filePath,
  flag,
  immutableTags,
  issuerUrl,
  listenAddress,
  listOf,
  oneOf,
  optionalPath,
  ownUrl,
  processes,
  size,
  webOrigin,
  wholeNumber,
} from './values.ts'

/**
 * Every setting, under the one name that it has in three forms: `gc.grace` in the file, `BERTH_GC_GRACE` in the
 * environment, `--gc-grace` on the command line.
 */
export const settings = {
  listen: setting(listOf(listenAddress, { atLeast: 1 }), 'localhost:5000', 'where to serve'),
  data: setting(filePath, './berth-data', 'the directory that holds everything that is kept nowhere else'),
  'metadata.url': setting(
    postgresUrl,
    '',
    'the PostgreSQL that keeps the metadata, for several servers; without one SQLite in the data directory does. A password is better given by metadata.password-file or PGPASSWORD',
  ),
  'metadata.password-file': setting(
    optionalPath,
    '',
    'a file that holds the password for PostgreSQL; read for each new connection',
  ),
  'metadata.pool': setting(
    wholeNumber({ from: 2, to: 1000 }),
    '10',
    'connections to PostgreSQL at most, for each server',
  ),
  'metadata.patience': setting(
    duration,
    '10s',
    'how long a request waits for a connection to PostgreSQL, which may be restarting, before it is told to come again (503)',
  ),
  'metadata.connect-timeout': setting(
    duration,
    '5s',
    'how long one attempt to connect to PostgreSQL may take',
  ),
  'metadata.statement-timeout': setting(
    duration,
    '30s',
    'a statement that runs longer is ended by PostgreSQL; 0s: never',
  ),
  'metadata.lock-timeout': setting(
    duration,
    '10s',
    'how long a change waits for another that holds the same rows; 0s: for good',
  ),
  workers: setting(processes(availableParallelism()), '1', 'how many processes answer requests, on one port'),
  'log.format': setting(oneOf<LogFormat>(logFormats), 'text', 'log lines for people, or for machines'),
  'log.level': setting(
    oneOf<LogLevel>(logLevels),
    'info',
    'the least important lines to write; info has each request',
  ),
  'manifests.missing': setting(
    oneOf(['none', 'index', 'all'] as const),
    'index',
    'which references of a pushed manifest may point at nothing: none, an index’s children, or all',
  ),
  'delete.enabled': setting(flag, 'true', 'whether tags, manifests and blobs can be deleted'),
  'trash.retention': setting(duration, '7d', 'how long a deletion can be taken back; 0s: it can’t'),
  'tags.immutable': setting(
    listOf(immutableTags),
    '',
    'tags that can’t be moved or deleted once they are set, such as prod/**:v*',
  ),
  'retention.rules': setting(
    listOf(retentionRule),
    '',
    'which tags stay: the first rule whose pattern matches a repository is the one that applies to it, and tags that it does not keep are removed; without one, all stay',
  ),
  'retention.interval': setting(
    duration,
    '24h',
    'how often the retention rules are applied; 0s: only by berth retention',
  ),
  'quota.default-bytes': setting(
    size,
    '0',
    'how many bytes each namespace may hold for which berth quota set has set nothing; 0: as many as there is room for',
  ),
  'quota.default-repositories': setting(
    wholeNumber({ from: 0, to: 1_000_000_000 }),
    '0',
    'the same for its repositories; 0: as many as it likes',
  ),
  'uploads.expire': setting(duration, '24h', 'an upload without activity for this long is dropped'),
  'storage.min-free': setting(size, '256MiB', 'below this much free space uploads are refused'),
  'storage.cache': setting(size, '24MiB', 'memory for small blobs that are pulled often'),
  ...s3Settings,
  'gc.grace': setting(
    duration,
    '24h',
    'how long a blob stays after it was last confirmed, with nothing that uses it',
  ),
  'gc.interval': setting(duration, '1h', 'how often the collector runs'),
  'gc.untagged': setting(
    durationOrOff,
    'off',
    'how long a manifest stays that no tag and no index holds; off: for good',
  ),
  'gc.keep-objects': setting(
    duration,
    '24h',
    'how long the bytes stay after the last one who could read them',
  ),
  'scrub.rate': setting(size, '4MiB', 'bytes in a second that are read again to find damage; 0: none'),
  'scrub.interval': setting(
    duration,
    '7d',
    'how often everything is read again, unless scrub.rate makes it take longer',
  ),
  'audit.pulls': setting(
    oneOf(['private', 'all', 'none'] as const),
    'private',
    'which pulls are recorded in the audit log: those of private repositories, all, or none',
  ),
  'audit.retention': setting(
    durationOrOff,
    '365d',
    'how long the audit log keeps what was done; off: for good',
  ),
  ...notificationSettings,
  'server.read-only': setting(flag, 'false', 'whether pushes and deletions are refused, while pulls go on'),
  'access.anonymous': setting(
    flag,
    'true',
    'whether who has not signed in may read what is public, once the registry has accounts',
  ),
  'access.registration': setting(
    oneOf(['off', 'invite', 'open'] as const),
    'off',
    'who may make an account for himself: nobody, who has an invitation, or anybody',
  ),
  'access.open': setting(
    flag,
    'false',
    'whether a registry on PostgreSQL or S3 serves without accounts, open to whoever reaches it',
  ),
  'workload.lifetime': setting(
    durationBetween(60_000, 86_400_000),
    '1h',
    'how long what a CI job gets in exchange for its OIDC token is good for',
  ),
  'workload.private-issuers': setting(
    listOf(issuerUrl),
    '',
    'issuers of OIDC tokens that may lie at private addresses, or speak plain HTTP; all others must be on the internet and speak HTTPS',
  ),
  ldap: setting(
    directories,
    '',
    'directories whose people sign in with the password that they have there, beside local accounts; it closes the registry',
  ),
  'http.cors-origins': setting(
    listOf(webOrigin),
    '',
    'origins of web pages that may call the registry from a browser',
  ),
  'http.url': setting(
    ownUrl,
    '',
    'how clients reach the registry, where a proxy stands in front of it; they are sent there for their tokens',
  ),
  'http.trusted-proxies': setting(
    listOf(addressRange),
    '',
    'proxies whose word counts on where a request came from: what X-Forwarded-For, -Proto, -Host or Forwarded say',
  ),
  'http.idle-timeout': setting(
    durationUpTo(255_000),
    '2m',
    'a connection that waits this long for a whole request’s headers, for the next piece of a body, or for another request, is closed; downloads are not',
  ),
  ...pullLimitSettings,
  'tls.certificate': setting(
    optionalPath,
    '',
    'a PEM file with the certificate to serve HTTPS with, then those between it and its root; read again when it changes',
  ),
  'tls.key': setting(optionalPath, '', 'a PEM file with the key of that certificate'),
  'tls.min-version': setting(
    oneOf(['1.2', '1.3'] as const),
    '1.2',
    'the lowest version of TLS that is spoken',
  ),
  ...abuseSettings,
  'shutdown.drain': setting(duration, '8s', 'how long transfers may go on after a signal to stop'),
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings

export type Settings = {
  readonly [N in SettingName]: (typeof settings)[N] extends Setting<infer T> ? T : never
}

export const settingNames = Object.keys(settings) as readonly SettingName[]

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name)
}

/** `gc.grace` → `BERTH_GC_GRACE` */
export function environmentName(name: SettingName): string {
  return `BERTH_${name.toUpperCase().replaceAll(/[.-]/g, '_')}`
}

/** `gc.grace` → `gc-grace` */
export function flagName(name: SettingName): string {
  return name.replaceAll('.', '-')
}
