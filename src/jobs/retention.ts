import type { Retired } from '../metadata/changes/retire.ts'
import type { ChangesMetadata, FindsTags } from '../metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { withAttachments } from '../registry/retention/attached.ts'
import { judgeTag, newestFirst, type TagVerdict } from '../registry/retention/judge.ts'
import { type JudgedPage, judgeRegistry, type RetentionView } from '../registry/retention/walk.ts'

/** Manifests whose tags are removed at once: they share a transaction, and a push waits for no more than them. */
const together = 16
/** Tags of one manifest that a transaction removes; the deletion of one with more is in as many parts. */
const mostSiblings = 500

export interface Retention extends RetentionView {
  readonly metadata: RetentionView['metadata'] & ChangesMetadata & FindsTags
  /** A name for a deletion, so that it can be taken back; null: deletions are for good. */
  newTrashId(): string | null
  /** Told as the run goes on, for who watches it. */
  progress?(report: RetentionReport): void
  /** Asked between transactions: whether to end early. What is left is found by the next run. */
  stopped?(): boolean
}

export interface RetentionReport {
  /** Repositories that a rule is for. */
  readonly repositories: number
  readonly kept: number
  /** Tags that were removed. */
  readonly removed: number
  /** Manifests that went with their last tags. */
  readonly manifests: number
}

export const retentionCaller = 'retention'

/** Applies the rules once, beside everything else that goes on, in small transactions. */
export async function applyRetention(job: Retention): Promise<RetentionReport> {
  const report = { repositories: 0, kept: 0, removed: 0, manifests: 0 }
  let before: RepositoryName | undefined
  for await (const page of judgeRegistry(job)) {
    if (!page.judgement) continue
    if (page.repository !== before) report.repositories += 1
    before = page.repository
    const { removed, manifests } = await removeTags(job, page)
    report.kept += page.verdicts.filter(({ keep }) => keep).length
    report.removed += removed
    report.manifests += manifests
    job.progress?.(report)
    if (job.stopped?.()) break
  }
  return report
}

async function removeTags(job: Retention, page: JudgedPage): Promise<{ removed: number; manifests: number }> {
  const due = Map.groupBy(
    page.verdicts.filter(({ keep }) => !keep),
    ({ aged }) => aged.digest,
  )
  const sum = { removed: 0, manifests: 0 }
  const digests = [...due.keys()]
  for (let start = 0; start < digests.length && !job.stopped?.(); start += together) {
    const slice = digests.slice(start, start + together)
    const retired = await Promise.all(
      slice.map((digest) => retire(job, { page, digest, due: due.get(digest) ?? [] })),
    )
    for (const { tags, manifest } of retired) {
      sum.removed += tags
      sum.manifests += manifest ? 1 : 0
    }
  }
  return sum
}

interface DueTags {
  readonly page: JudgedPage
  readonly digest: Digest
  /** Tags of the manifest that nothing keeps, the newest first. */
  readonly due: readonly TagVerdict[]
}

/** Removes tags of a manifest together with its older ones that would go on a later page, so that it goes at once. */
async function retire(job: Retention, { page, digest, due }: DueTags): Promise<Retired> {
  const { repository, judgement } = page
  const [newest] = due
  if (!newest || !judgement) return { tags: 0, manifest: false }
  const siblings = await job.metadata.listTagsOf({ repository, digest, limit: mostSiblings })
  const older = siblings.filter((sibling) => newestFirst(newest.aged, sibling) < 0)
  const aged = await withAttachments(job.metadata, {
    repository,
    tags: older.map((sibling) => ({ ...newest.aged, ...sibling })),
  })
  // By its age none of them is among the newest, nor one that the lower bound keeps: the newer one is not.
  const others = aged.filter((tag) => !judgeTag(tag, judgement, Number.POSITIVE_INFINITY).keep)
  const tags = new Map([...due.map((verdict) => verdict.aged), ...others].map((each) => [each.tag, each]))
  return job.metadata.change('retireTags', {
    repository,
    digest,
    caller: retentionCaller,
    immutable: judgement.facts.immutable,
    tags: [...tags.values()]
      .slice(0, mostSiblings)
      .map(({ tag, updatedAt }) => ({ tag, updatedAt, trash: job.newTrashId() })),
  })
}
