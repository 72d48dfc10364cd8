import type { ChangesMetadata } from '../metadata/metadata-store.ts'
import type { SharedRates } from '../rates/shared-rates.ts'

/** How often what counts no more is forgotten. Milliseconds. */
const expireInterval = 60_000
/** Rows that are forgotten in one transaction. */
const together = 1000
/** Rows that are kept: a few hundred MiB at most. */
const most = 1_000_000

/** What the processes of several machines count, in the database that they share. */
export function storedRates(metadata: ChangesMetadata, now: () => number): SharedRates {
  let expired = now()
  /** Who counts makes rows, and so sees to it that they go. */
  const counting = <T>(counted: Promise<T>): Promise<T> => {
    if (now() - expired >= expireInterval) {
      expired = now()
      // What stays for once is forgotten the next time.
      void expireAll(metadata).catch(() => undefined)
    }
    return counted
  }
  return {
    sharePulls: (asked) => counting(metadata.change('sharePulls', { asked })),
    beginSignIn: (keys) => counting(metadata.change('beginSignIn', keys)),
    endSignIn: (outcome) => metadata.change('endSignIn', outcome),
  }
}

async function expireAll(metadata: ChangesMetadata): Promise<void> {
  while ((await metadata.change('expireRates', { limit: together, most })) > 0);
}
