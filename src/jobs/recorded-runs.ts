import type { ChangesMetadata } from '../metadata/metadata-store.ts'
import type { Collected } from './collector.ts'

export interface FinishedRun {
  /** Which process it was: `server`, `command`, or a server's own name. */
  readonly runner: string
  /** Milliseconds. */
  readonly duration: number
  readonly collected: Collected
}

/** Puts a run of the collector on record, unless it found nothing: metrics and the management API show the last ones. */
export async function recordCollection(
  metadata: ChangesMetadata,
  { runner, duration, collected }: FinishedRun,
): Promise<void> {
  if (Object.values(collected).every((count) => count === 0)) return
  const { links, manifests, objects, bytes } = collected
  await metadata.change('recordRun', {
    id: Bun.randomUUIDv7(),
    runner,
    duration: Math.round(duration),
    links,
    manifests,
    objects,
    bytes,
  })
}
