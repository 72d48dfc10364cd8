import type { TagAge } from '../../metadata/metadata-store.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/tag.ts'
import type { RetentionRule } from './rule.ts'

/** A tag with all that decides over it. */
export interface AgedTag extends TagAge {
  /** The manifest of the repository that the tag's name says it belongs to, as signatures are tagged. */
  readonly attachedTo?: Digest | undefined
}

/** What holds for a whole repository. Times are milliseconds since 1970 by the database's clock. */
export interface Facts {
  readonly now: number
  /** Since when every pull has been recorded. */
  readonly pullsSince: number
  /** Globs of the tags that can't be removed. */
  readonly immutable: readonly string[]
}

/** What keeps a tag. */
export type Keep =
  | { readonly by: 'immutable'; readonly glob: string }
  | { readonly by: 'attached'; readonly to: Digest }
  | { readonly by: 'tags'; readonly glob: string }
  | { readonly by: 'newest' }
  | { readonly by: 'pushed' }
  | { readonly by: 'pulled' }
  | { readonly by: 'at-least' }

export interface TagVerdict {
  readonly aged: AgedTag
  /** Its place by age, the newest first, from 1 on; 0: it belongs to another manifest and has none. */
  readonly rank: number
  /** Milliseconds since it was set. */
  readonly age: number
  /** Milliseconds since it was last used, as far as anybody knows. */
  readonly unused: number
  /** Undefined: the tag goes. */
  readonly keep: Keep | undefined
}

export interface Judgement {
  readonly rule: RetentionRule
  readonly facts: Facts
}

/** The verdicts on all tags of a repository, the newest first. */
export function judgeTags(tags: readonly AgedTag[], judgement: Judgement): TagVerdict[] {
  const sorted = tags.toSorted(newestFirst)
  const count = createJudge(judgement, 0)
  const kept = sorted.map(count).filter(countsAsKept).length
  return sorted.map(createJudge(judgement, spareTags(judgement.rule, kept)))
}

/**
 * Judges one tag after the other; they must come newest first.
 * @param spare how many of the tags that nothing else keeps stay for the lower bound
 */
export function createJudge(judgement: Judgement, spare: number): (aged: AgedTag) => TagVerdict {
  let ranked = 0
  let spared = 0
  return (aged) => {
    if (!aged.attachedTo) ranked += 1
    const verdict = judgeTag(aged, judgement, aged.attachedTo ? 0 : ranked)
    if (verdict.keep || spared === spare) return verdict
    spared += 1
    return { ...verdict, keep: { by: 'at-least' } }
  }
}

/** One tag on its own; the lower bound is not looked at. @param rank infinite: not among the newest for certain */
export function judgeTag(aged: AgedTag, judgement: Judgement, rank: number): TagVerdict {
  const { facts } = judgement
  const age = facts.now - aged.updatedAt
  const unused = facts.now - lastUse(aged, facts)
  return { aged, rank, age, unused, keep: keepOf({ aged, rank, age, unused }, judgement) }
}

/** How many more tags the lower bound asks for, where so many are kept without it. */
export function spareTags({ atLeast = 0 }: RetentionRule, kept: number): number {
  return Math.max(0, atLeast - kept)
}

/** Whether a tag counts for the lower bound: signatures of images are no images. */
export function countsAsKept({ aged, keep }: TagVerdict): boolean {
  return keep !== undefined && aged.attachedTo === undefined
}

/** By when the tag was set; of one moment, the later name is the newer: v2 before v1. */
export function newestFirst(a: { updatedAt: number; tag: Tag }, b: { updatedAt: number; tag: Tag }): number {
  return b.updatedAt - a.updatedAt || (a.tag < b.tag ? 1 : a.tag > b.tag ? -1 : 0)
}

function keepOf(
  { aged, rank, age, unused }: Omit<TagVerdict, 'keep'>,
  { rule, facts }: Judgement,
): Keep | undefined {
  const fixed = firstMatch(facts.immutable, aged.tag)
  if (fixed) return { by: 'immutable', glob: fixed }
  if (aged.attachedTo) return { by: 'attached', to: aged.attachedTo }
  const glob = firstMatch(rule.tags ?? [], aged.tag)
  if (glob) return { by: 'tags', glob }
  if (rule.newest !== undefined && rank <= rule.newest) return { by: 'newest' }
  if (rule.pushed !== undefined && age <= rule.pushed) return { by: 'pushed' }
  if (rule.pulled !== undefined && unused <= rule.pulled) return { by: 'pulled' }
  return undefined
}

const day = 86_400_000

/**
 * A pull is known to the day, and counts as at its end. Without one on record it may have been pulled until all pulls
 * were recorded. Setting the tag counts as well: what nobody could pull yet is not unused.
 */
function lastUse({ updatedAt, pulledDay }: AgedTag, { now, pullsSince }: Facts): number {
  const pulled = pulledDay === undefined ? pullsSince : pulledDay + day
  return Math.min(now, Math.max(updatedAt, pulled))
}

function firstMatch(globs: readonly string[], tag: Tag): string | undefined {
  return globs.find((glob) => new Bun.Glob(glob).match(tag))
}
