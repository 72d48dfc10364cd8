import { constants } from 'node:crypto'
import type { Logger } from '../../logging/logger.ts'
import type { Measurement } from '../../logging/measurement.ts'
import { ExpiryWarning, isoTime } from './expiry-warning.ts'
import { type KeyPair, type KeyPairFiles, keyPairOf, readKeyPairFiles } from './key-pair.ts'
import { KeyPairWatch } from './key-pair-watch.ts'

export const tlsVersions = ['1.2', '1.3'] as const
export type TlsVersion = (typeof tlsVersions)[number]

export interface TlsOptions {
  readonly files: KeyPairFiles
  readonly minVersion: TlsVersion
  readonly logger: Logger
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds between two looks at the files. */
  readonly lookEvery?: number
}

/** What a listener speaks TLS with, as Bun takes it. */
export interface ListenerTls {
  readonly cert: string
  readonly key: string
  readonly secureOptions: number
}

/** Serves with another certificate from its next connection on. */
export interface RenewsTls {
  /** @throws what the listener says; nothing has changed then */
  renewTls(tls: ListenerTls): void
}

/** A certificate that is served with, and followed as its files change. */
export interface Tls {
  readonly listener: ListenerTls
  readonly measurements: readonly Measurement[]
  /** Hands the server each new pair, from SIGHUP and from what the files say, until it is stopped. */
  follow(server: RenewsTls): { stop(): void }
}

/** Between two looks at the files. Milliseconds. */
const lookEvery = 5000

/** Reads the pair that the server starts with. @throws KeyPairError */
export async function openTls(options: TlsOptions): Promise<Tls> {
  const { files, logger, now } = options
  let current = keyPairOf(await readKeyPairFiles(files), files)
  let renewed = 0
  let refused = 0
  const listener = (pair: KeyPair): ListenerTls => ({
    cert: pair.certificate,
    key: pair.key,
    secureOptions: refusedVersions[options.minVersion],
  })
  const warning = new ExpiryWarning(logger)
  warning.check(current, now())

  return {
    listener: listener(current),
    measurements: [
      {
        name: 'berth_tls_certificate_expiry_timestamp_seconds',
        help: 'When the first certificate of the chain that is served expires',
        kind: 'gauge',
        read: () => current.expires / 1000,
      },
      {
        name: 'berth_tls_reloads_total',
        help: 'New certificates that were taken while serving',
        kind: 'counter',
        read: () => renewed,
      },
      {
        name: 'berth_tls_reload_failures_total',
        help: 'New certificates that could not be taken; the one before stayed',
        kind: 'counter',
        read: () => refused,
      },
    ],
    follow(server) {
      let stopped = false
      const watch = new KeyPairWatch({
        files,
        current,
        taken(pair) {
          // A look that was under way must open nothing beside listeners that drain.
          if (stopped) return
          server.renewTls(listener(pair))
          current = pair
          renewed += 1
          logger.info('new connections get a new TLS certificate', {
            names: pair.subject,
            expires: isoTime(pair.expires),
          })
        },
        refused(reason) {
          refused += 1
          logger.error('the new TLS certificate can not be taken: the one before stays', { reason })
        },
      })
      const look = () => void watch.look().then(() => warning.check(current, now()))
      const timer = setInterval(look, options.lookEvery ?? lookEvery)
      process.on('SIGHUP', look)
      return {
        stop() {
          stopped = true
          clearInterval(timer)
          process.off('SIGHUP', look)
        },
      }
    },
  }
}

const { SSL_OP_NO_TLSv1, SSL_OP_NO_TLSv1_1, SSL_OP_NO_TLSv1_2 } = constants
/** By the lowest version that is spoken. */
const refusedVersions: Readonly<Record<TlsVersion, number>> = {
  '1.2': SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1,
  '1.3': SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2,
}
