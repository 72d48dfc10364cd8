import type { Measurement } from '../logging/measurement.ts'
import type { CollectsGarbage } from '../metadata/metadata-store.ts'
import { type Collected, nothingCollected, sumOf } from './collector.ts'

/** What the collector of this process did since it started, and what waits for it. */
export class CollectorMeter {
  #runs = 0
  #finishedAt: number | undefined
  #seconds: number | undefined
  #sum = nothingCollected

  /** Milliseconds both; `now` since 1970. */
  ran({ duration, collected, now }: { duration: number; collected: Partial<Collected>; now: number }): void {
    this.#runs += 1
    this.#finishedAt = now / 1000
    this.#seconds = duration / 1000
    this.removed(collected)
  }

  /** What went between two runs. */
  removed(collected: Partial<Collected>): void {
    this.#sum = sumOf(this.#sum, collected)
  }

  measurements(metadata: CollectsGarbage): Measurement[] {
    const total = (key: keyof Collected, help: string): Measurement => ({
      name: `berth_gc_${key}_total`,
      help,
      kind: 'counter',
      read: () => this.#sum[key],
    })
    const gauge = (name: string, help: string, read: Measurement['read']): Measurement => ({
      name,
      help,
      kind: 'gauge',
      read,
    })
    return [
      { name: 'berth_gc_runs_total', help: 'Runs of the collector', kind: 'counter', read: () => this.#runs },
      total('manifests', 'Manifests that the collector took away'),
      total('links', 'Blobs that the collector took out of a repository'),
      total('objects', 'Objects removed from storage'),
      total('bytes', 'Bytes removed from storage'),
      total('uploads', 'Abandoned uploads that were dropped'),
      total('trash', 'Deletions that can’t be taken back any more'),
      gauge('berth_gc_last_run_timestamp_seconds', 'When the last run ended', () => this.#finishedAt),
      gauge('berth_gc_last_run_duration_seconds', 'How long the last run took', () => this.#seconds),
      gauge('berth_gc_due', 'Links and manifests that the next run looks at', () => metadata.countDue()),
      gauge(
        'berth_gc_doomed_objects',
        'Objects that nobody can read and that are still stored',
        async () => (await metadata.sumDoomed({ age: 0 })).count,
      ),
    ]
  }
}
