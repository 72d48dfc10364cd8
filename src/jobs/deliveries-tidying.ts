import type { ChangesMetadata, FindsDeliveries } from '../metadata/metadata-store.ts'

/** Rows that go in one transaction. */
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
  metadata: ChangesMetadata & FindsDeliveries
  keep: number
  stopped: () => boolean
}): Promise<void> {
  let webhook = await metadata.nextWithDeliveries('')
  while (webhook !== undefined && !stopped()) {
    const tidying = { webhook, keep, most: mostKept, mostWaiting, limit: together }
    while (!stopped() && (await metadata.change('tidyDeliveries', tidying)));
    webhook = await metadata.nextWithDeliveries(webhook)
  }
}
