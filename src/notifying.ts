import { hostname } from 'node:os'
import type { Settings } from './config/settings.ts'
import { type AddressGuard, guardAddresses } from './net/public-addresses.ts'
import type { Sender } from './notifications/attempt.ts'
import { version } from './version.ts'

/** What requests to webhooks keep to, on record for commands beside the server. */
export interface NotificationRules {
  readonly allowPrivate: readonly string[]
  /** Milliseconds. */
  readonly timeout: number
  /** How clients reach the registry; null: not said. */
  readonly url: string | null
}

export const usualNotificationRules: NotificationRules = { allowPrivate: [], timeout: 10_000, url: null }

export function notificationRulesOf(settings: Settings): NotificationRules {
  return {
    allowPrivate: settings['notifications.allow-private'],
    timeout: settings['notifications.timeout'],
    url: settings['http.url'],
  }
}

/** What sends requests to webhooks in this process. @param port where it listens; 0: it does not */
export function notifyingWith(
  { allowPrivate, timeout, url }: NotificationRules,
  { port, now }: { port: number; now: () => number },
): { guard: AddressGuard; sender: Sender } {
  const guard = guardAddresses(allowPrivate)
  return {
    guard,
    sender: {
      async request(asked) {
        // Most registries tell nobody, and need not load what does.
        const { requestOutbound } = await import('./net/outbound-request.ts')
        return requestOutbound({ guard }, asked)
      },
      source: {
        address: port === 0 ? hostname() : `${hostname()}:${port}`,
        instance: crypto.randomUUID(),
        url: url ?? undefined,
      },
      userAgent: `berth/${version}`,
      timeout,
      now,
    },
  }
}
