import type { ChangesMetadata } from '../metadata/metadata-store.ts'

/** Batches that one transaction removes: others write between two. */
const together = 3

/** How often old events are looked for. Milliseconds. */
export function auditTick(age: number): number {
  return Math.round(Math.min(Math.max(age / 4, 1000), 3_600_000))
}

/**
 * Removes what is older from the audit log, as far as whole batches are.
 * @param options.age milliseconds
 * @returns how many events are gone
 */
export async function trimAudit(
  metadata: ChangesMetadata,
  { age, stopped }: { age: number; stopped: () => boolean },
): Promise<number> {
  let events = 0
  while (!stopped()) {
    const trimmed = await metadata.change('trimAudit', { age, limit: together })
    if (!trimmed) break
    events += trimmed.events
  }
  return events
}
