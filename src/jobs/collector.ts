import type { BlobStore } from '../blobs/blob-store.ts'
import type { ChangesMetadata, CollectsGarbage, KeepsTrash } from '../metadata/metadata-store.ts'
import { expireUploads, removeDoomed } from './sweep.ts'

/** Links and manifests that one look at the reviews brings. */
const dueAtOnce = 256
/** Of these, and of deletions, so many at a time: they share a commit, and a push waits for no more than them. */
const together = 32
/** Deletions that one look at the trash brings. */
const trashAtOnce = 100
/** Rows of one deletion that a change forgets: with those of others it may share a transaction, which stays short. */
const trashSlice = 20

export interface Collection {
  readonly metadata: ChangesMetadata & CollectsGarbage & KeepsTrash
  readonly blobs: BlobStore
  readonly rules: CollectorRules
  /** Told as the run goes on, for who watches it: how many of the links and manifests that were due are done. */
  progress?(state: { readonly done: number; readonly due: number }): void
  /** Asked between transactions: whether to end early. What is left is found by the next run. */
  stopped?(): boolean
}

/** Milliseconds all. */
export interface CollectorRules {
  /** How long a link lives after it was last confirmed, with nothing that uses it. */
  readonly grace: number
  /** How long a manifest stays without tag and index; null: for good. */
  readonly untagged: number | null
  /** How long an object's bytes stay after the last reader could have found them. */
  readonly keepObjects: number
  /** How long an upload may be without activity. */
  readonly uploadAge: number
  /** How long a deletion can be taken back. */
  readonly trashRetention: number
}

export interface Collected {
  readonly uploads: number
  readonly trash: number
  readonly manifests: number
  readonly links: number
  /** Objects removed from storage, and their bytes. */
  readonly objects: number
  readonly bytes: number
}

export const nothingCollected: Collected = {
  uploads: 0,
  trash: 0,
  manifests: 0,
  links: 0,
  objects: 0,
  bytes: 0,
}

export function sumOf(collected: Collected, more: Partial<Collected>): Collected {
  const sum = (key: keyof Collected) => collected[key] + (more[key] ?? 0)
  return {
    uploads: sum('uploads'),
    trash: sum('trash'),
    manifests: sum('manifests'),
    links: sum('links'),
    objects: sum('objects'),
    bytes: sum('bytes'),
  }
}

/**
 * One run of the collector, beside everything else that goes on: it looks at what changed, in small transactions, and
 * takes away what nothing holds.
 */
export async function collectGarbage(job: Collection): Promise<Collected> {
  const run = new Run(job)
  run.add({ uploads: await expireUploads(job.metadata, job.rules.uploadAge) })
  await emptyExpiredTrash(job, run)
  await collectDue(job, run)
  await removeDoomed(job, job.rules.keepObjects, (removed) => run.add(removed))
  return run.report
}

async function emptyExpiredTrash(job: Collection, run: Run): Promise<void> {
  const age = job.rules.trashRetention
  for (;;) {
    const expired = await job.metadata.listExpiredTrash({ age, limit: trashAtOnce })
    for (let start = 0; start < expired.length; start += together) {
      if (run.stopped) return
      const slice = expired.slice(start, start + together)
      await Promise.all(slice.map((id) => emptyTrash(job, id)))
      run.add({ trash: slice.length })
    }
    if (expired.length < trashAtOnce) return
  }
}

/** Forgets one deletion for good, slice by slice. */
export async function emptyTrash({ metadata }: { metadata: ChangesMetadata }, id: string): Promise<void> {
  while (await metadata.change('emptyTrash', { id, limit: trashSlice }));
}

async function collectDue(job: Collection, run: Run): Promise<void> {
  const { metadata, rules } = job
  if (job.progress) run.expect(await metadata.countDue())
  for (;;) {
    const due = await metadata.listDue({ limit: dueAtOnce })
    if (due.length === 0) return
    for (let start = 0; start < due.length; start += together) {
      if (run.stopped) return
      const collected = await Promise.all(
        due
          .slice(start, start + together)
          .map(({ repository, digest }) =>
            metadata.change('collect', { repository, digest, grace: rules.grace, untagged: rules.untagged }),
          ),
      )
      for (const { links, manifests } of collected) run.add({ links, manifests })
      run.looked(collected.length)
    }
  }
}

class Run {
  #report = nothingCollected
  #done = 0
  #due = 0
  readonly #job: Collection

  constructor(job: Collection) {
    this.#job = job
  }

  get report(): Collected {
    return this.#report
  }

  get stopped(): boolean {
    return this.#job.stopped?.() ?? false
  }

  add(more: Partial<Collected>): void {
    this.#report = sumOf(this.#report, more)
  }

  expect(due: number): void {
    this.#due = due
  }

  looked(count: number): void {
    this.#done += count
    // What this run took away had more reviewed at once.
    this.#due = Math.max(this.#due, this.#done)
    this.#job.progress?.({ done: this.#done, due: this.#due })
  }
}
