import type { Logger } from '../../logging/logger.ts'
import type { KeyPair } from './key-pair.ts'

const day = 86_400_000
/** How long before a certificate expires the log begins to say so. Milliseconds. */
const notice = 14 * day

/** Warns in the log, once a day, of a certificate that is about to expire, has expired or is not valid yet. */
export class ExpiryWarning {
  readonly #logger: Logger
  #warned: { readonly pair: KeyPair; readonly at: number } | undefined

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** @param now milliseconds since 1970 */
  check(pair: KeyPair, now: number): void {
    if (this.#warned?.pair === pair && now - this.#warned.at < day) return
    const left = pair.expires - now
    const fields = { names: pair.subject, expires: isoTime(pair.expires) }
    if (left <= 0)
      this.#logger.error(
        'the TLS certificate has expired: clients refuse it (setting tls.certificate)',
        fields,
      )
    else if (left <= notice)
      this.#logger.warn('the TLS certificate expires soon (setting tls.certificate)', {
        ...fields,
        days_left: Math.floor(left / day),
      })
    else if (pair.begins > now)
      this.#logger.warn('the TLS certificate is not valid yet: clients refuse it (setting tls.certificate)', {
        ...fields,
        begins: isoTime(pair.begins),
      })
    else return
    this.#warned = { pair, at: now }
  }
}

/** A certificate without an end that can be read has none. */
export function isoTime(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString() : ''
}
