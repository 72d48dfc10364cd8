import type { Measurement } from '../logging/measurement.ts'
import type { FindsDeliveries } from '../metadata/metadata-store.ts'
import type { Courier } from './courier.ts'

/** How far the queue is counted: whoever has more waiting knows enough. */
const mostCounted = 100_000

/** What this process told webhooks, and what waits for all of them. */
export function courierMeasurements({ counts }: Courier, metadata: FindsDeliveries): Measurement[] {
  const total = (name: string, help: string, read: () => number): Measurement => ({
    name: `berth_notifications_${name}_total`,
    help,
    kind: 'counter',
    read,
  })
  const gauge = (name: string, help: string, read: Measurement['read']): Measurement => ({
    name: `berth_notifications_${name}`,
    help,
    kind: 'gauge',
    read,
  })
  const waiting = () => metadata.sumWaiting({ most: mostCounted })
  return [
    total('delivered', 'Events that this server told a webhook', () => counts.delivered),
    total('retried', 'Attempts of this server that failed and are made again', () => counts.retried),
    total('failed', 'Events that this server gave up telling a webhook', () => counts.failed),
    gauge(
      'waiting',
      'Events that wait for a webhook, counted up to 100,000',
      async () => (await waiting()).count,
    ),
    gauge('oldest_seconds', 'How long the oldest of them has been waiting', async () => {
      const { oldestAge } = await waiting()
      return oldestAge === undefined ? 0 : oldestAge / 1000
    }),
  ]
}
