import type { ChangesMetadata, FindsWebhooks } from '../metadata/metadata-store.ts'

/** Webhooks and rows that are looked at together. */
const together = 500
/** Of one webhook: of what was told, and of what was not, the last are kept. */
const mostKept = 1000
/** Of one webhook: beyond, the oldest of what waits are given up. */
const mostWaiting = 100_000

/** Forgets what was told long ago, and keeps the queue of each webhook bounded. @param options.keep milliseconds */
export async function tidyDeliveries({
  metadata,
  keep,
  stopped,
}: {
  metadata: ChangesMetadata & FindsWebhooks
  keep: number
  stopped: () => boolean
}): Promise<void> {
  for (let after = ''; ; ) {
    const webhooks = await metadata.listWebhookIds({ after, limit: together })
    for (const webhook of webhooks) {
      const tidying = { webhook, keep, most: mostKept, mostWaiting, limit: together }
      while (!stopped() && (await metadata.change('tidyDeliveries', tidying)));
    }
    if (stopped() || webhooks.length < together) return
    after = webhooks.at(-1) ?? ''
  }
}
