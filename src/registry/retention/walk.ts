import type {
  CollectsGarbage,
  KeepsState,
  ListsContent,
  ListsTagAges,
} from '../../metadata/metadata-store.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { pullsSince } from '../pull-recorder.ts'
import { withAttachments } from './attached.ts'
import { countsAsKept, createJudge, type Facts, type Judgement, spareTags, type TagVerdict } from './judge.ts'
import { type RetentionRule, ruleFor } from './rule.ts'

/** Tags that are looked at in one step. */
const tagsAtOnce = 200
const repositoriesAtOnce = 100

export interface RetentionView {
  readonly metadata: ListsContent & ListsTagAges & KeepsState & Pick<CollectsGarbage, 'clock'>
  readonly rules: readonly RetentionRule[]
  /** Globs of the tags that can't be removed. */
  immutableIn(repository: RepositoryName): readonly string[]
  /** The only one to look at; undefined: all. */
  readonly repository?: RepositoryName | undefined
}

/** Some tags of a repository, the newest first; page after page comes from the same repository, then the next. */
export interface JudgedPage {
  readonly repository: RepositoryName
  /** Undefined: no rule is for this repository, so that its tags are not even looked at. */
  readonly judgement: Judgement | undefined
  readonly verdicts: readonly TagVerdict[]
}

/**
 * What the rules say of each tag, in steps of bounded size, between which others get their turn. Tags may be removed
 * while it goes on.
 */
export async function* judgeRegistry(view: RetentionView): AsyncGenerator<JudgedPage> {
  const { metadata } = view
  const now = await metadata.clock()
  const since = (await pullsSince(metadata)) ?? now
  for await (const repository of repositoriesOf(view)) {
    const rule = ruleFor(view.rules, repository)
    if (!rule) {
      yield { repository, judgement: undefined, verdicts: [] }
      continue
    }
    const facts: Facts = { now, pullsSince: since, immutable: view.immutableIn(repository) }
    yield* judgeRepository(metadata, { repository, judgement: { rule, facts } })
  }
}

interface InRepository {
  readonly repository: RepositoryName
  readonly judgement: Judgement
}

async function* judgeRepository(
  metadata: RetentionView['metadata'],
  { repository, judgement }: InRepository,
): AsyncGenerator<JudgedPage> {
  const judge = createJudge(judgement, await spareIn(metadata, { repository, judgement }))
  for await (const tags of tagPages(metadata, repository)) {
    yield { repository, judgement, verdicts: tags.map(judge) }
  }
}

/** How many tags stay for the lower bound alone: it takes a look at the repository of its own, as far as needed. */
async function spareIn(
  metadata: RetentionView['metadata'],
  { repository, judgement }: InRepository,
): Promise<number> {
  const { atLeast = 0, newest = 0 } = judgement.rule
  // With as many of the newest there is nothing left for it to keep.
  if (atLeast <= newest) return 0
  const judge = createJudge(judgement, 0)
  let kept = 0
  for await (const tags of tagPages(metadata, repository)) {
    kept += tags.map(judge).filter(countsAsKept).length
    if (kept >= atLeast) break
  }
  return spareTags(judgement.rule, kept)
}

async function* tagPages(metadata: RetentionView['metadata'], repository: RepositoryName) {
  for (let after: Parameters<ListsTagAges['listTagAges']>[0]['after']; ; ) {
    const tags = await metadata.listTagAges({ repository, after, limit: tagsAtOnce })
    if (tags.length > 0) yield await withAttachments(metadata, { repository, tags })
    if (tags.length < tagsAtOnce) return
    after = tags.at(-1)
    await turnOfOthers()
  }
}

async function* repositoriesOf(view: RetentionView): AsyncGenerator<RepositoryName> {
  if (view.repository) {
    yield view.repository
    return
  }
  for (let after: RepositoryName | undefined; ; ) {
    const limit = repositoriesAtOnce
    const names = await view.metadata.listRepositories({ ...(after ? { after } : {}), limit })
    yield* names
    if (names.length < limit) return
    after = names.at(-1)
    await turnOfOthers()
  }
}

/** An embedded database answers without leaving the thread that serves. */
function turnOfOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
