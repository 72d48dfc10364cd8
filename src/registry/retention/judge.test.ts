import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/tag.ts'
import { type AgedTag, createJudge, type Facts, judgeTags, newestFirst, type TagVerdict } from './judge.ts'
import type { RetentionRule } from './rule.ts'

const day = 86_400_000
const now = 20_000 * day + 5_000_000
const facts: Facts = { now, pullsSince: now - 100 * day, immutable: [] }

function aged(tag: string, age: number, more: Partial<AgedTag> = {}): AgedTag {
  return {
    tag: tag as Tag,
    digest: `sha256:${tag}` as Digest,
    updatedAt: now - age,
    pulledDay: undefined,
    ...more,
  }
}

function rule(keeps: Partial<RetentionRule>): RetentionRule {
  return { text: 'a rule', repositories: '**', ...keeps }
}

const kept = (verdicts: readonly TagVerdict[]) =>
  verdicts.filter(({ keep }) => keep).map((verdict) => verdict.aged.tag as string)

function keptOf(tags: readonly AgedTag[], keeps: Partial<RetentionRule>, more: Partial<Facts> = {}) {
  return kept(judgeTags(tags, { rule: rule(keeps), facts: { ...facts, ...more } }))
}

describe('a tag stays', () => {
  const tags = [aged('d', 4 * day), aged('a', day), aged('c', 3 * day), aged('b', 2 * day)]

  test('among the newest', () => {
    expect(keptOf(tags, { newest: 2 })).toEqual(['a', 'b'])
    expect(keptOf(tags, { newest: 9 })).toEqual(['a', 'b', 'c', 'd'])
  })

  test('when it was set within the time', () => {
    expect(keptOf(tags, { pushed: 2 * day })).toEqual(['a', 'b'])
    expect(keptOf(tags, { pushed: 2 * day - 1 })).toEqual(['a'])
    expect(keptOf([aged('of-tomorrow', -day)], { pushed: 1 })).toEqual(['of-tomorrow'])
  })

  test('when it matches a pattern', () => {
    expect(keptOf([...tags, aged('v1.2-rc_1', 9 * day)], { tags: ['v*', '?'] })).toHaveLength(5)
    expect(keptOf(tags, { tags: ['A', 'b?'] })).toEqual([])
  })

  test('when it is immutable, whatever the rule', () => {
    expect(keptOf(tags, { newest: 1 }, { immutable: ['x', 'd'] })).toEqual(['a', 'd'])
  })

  test('when any one of these holds', () => {
    expect(keptOf(tags, { newest: 1, tags: ['d'] })).toEqual(['a', 'd'])
  })

  test('for the lower bound, the newest of those that nothing else keeps', () => {
    expect(keptOf(tags, { tags: ['d'], atLeast: 3 })).toEqual(['a', 'b', 'd'])
    expect(keptOf(tags, { tags: ['c', 'd'], atLeast: 2 })).toEqual(['c', 'd'])
    expect(keptOf(tags, { tags: ['none'], atLeast: 9 })).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('a pull', () => {
  const unused = 50 * day
  const pulledDay = Math.floor((now - 10 * day) / day) * day

  test('counts as at the end of its day: it may have been then', () => {
    const tags = [aged('a', unused, { pulledDay })]
    const end = now - pulledDay - day
    expect(keptOf(tags, { pulled: end })).toEqual(['a'])
    expect(keptOf(tags, { pulled: end - 1 })).toEqual([])
  })

  test('today is now, not later', () => {
    const [verdict] = judgeTags([aged('a', unused, { pulledDay: now - (now % day) })], {
      rule: rule({ pulled: 1 }),
      facts,
    })
    expect(verdict).toMatchObject({ unused: 0, keep: { by: 'pulled' } })
  })

  test('that nobody recorded may have been until all pulls were recorded', () => {
    const tags = [aged('a', unused)]
    expect(keptOf(tags, { pulled: 20 * day }, { pullsSince: now - 20 * day })).toEqual(['a'])
    expect(keptOf(tags, { pulled: 20 * day }, { pullsSince: now - 21 * day })).toEqual([])
    expect(keptOf(tags, { pulled: 1 }, { pullsSince: now })).toEqual(['a'])
  })

  test('is not needed by what was set since', () => {
    expect(keptOf([aged('a', 5 * day)], { pulled: 5 * day })).toEqual(['a'])
    expect(keptOf([aged('back', day, { pulledDay })], { pulled: 5 * day })).toEqual(['back'])
    expect(keptOf([aged('a', 5 * day)], { pulled: 4 * day })).toEqual([])
  })
})

describe('a tag that belongs to an image', () => {
  const attachedTo = 'sha256:image' as Digest
  const signature = aged('sha256-image.sig', day / 2, { attachedTo })

  test('stays, and takes the place of none', () => {
    const tags = [signature, aged('a', day), aged('b', 2 * day)]
    expect(keptOf(tags, { newest: 1 })).toEqual(['sha256-image.sig', 'a'])
    expect(keptOf(tags, { tags: ['none'], atLeast: 1 })).toEqual(['sha256-image.sig', 'a'])
  })

  test('takes the place of none where it is immutable as well', () => {
    const tags = [signature, aged('a', day)]
    const immutable = { ...facts, immutable: ['sha256-*'] }
    expect(keptOf(tags, { tags: ['none'], atLeast: 1 }, immutable)).toEqual(['sha256-image.sig', 'a'])
  })
})

const names = fc.stringMatching(/^[a-z0-9_][a-z0-9._-]{0,3}$/)
const agedTags = fc.uniqueArray(
  fc.record({
    tag: names,
    // Few moments, so that many tags share one.
    age: fc.integer({ min: -1, max: 8 }).map((days) => days * day),
    pulledDay: fc.option(
      fc.integer({ min: 0, max: 9 }).map((days) => now - (now % day) - days * day),
      {
        nil: undefined,
      },
    ),
    attached: fc.boolean(),
  }),
  { selector: ({ tag }) => tag, maxLength: 30, size: 'max' },
)
const someTags = agedTags.map((tags) =>
  tags.map(({ tag, age, pulledDay, attached }) =>
    aged(tag, age, { pulledDay, ...(attached && tag > 'p' ? { attachedTo: 'sha256:x' as Digest } : {}) }),
  ),
)
const keepers = fc.record(
  {
    newest: fc.integer({ min: 1, max: 12 }),
    pushed: fc.integer({ min: 1, max: 8 * day }),
    pulled: fc.integer({ min: 1, max: 8 * day }),
    tags: fc.array(fc.constantFrom('a*', '?', '*1*', 'v*'), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
)
const lowerBound = fc.record({ atLeast: fc.integer({ min: 1, max: 15 }) }, { requiredKeys: [] })
const someFacts = fc.record({
  now: fc.constant(now),
  pullsSince: fc.integer({ min: now - 9 * day, max: now }),
  immutable: fc.subarray(['b*', '*z']),
})

describe('whatever the tags and the rule', () => {
  test('never fewer stay than the lower bound, or all that there are', () => {
    fc.assert(
      fc.property(someTags, keepers, lowerBound, someFacts, (tags, keeps, bound, given) => {
        const own = (list: readonly AgedTag[]) => list.filter(({ attachedTo }) => !attachedTo)
        const verdicts = judgeTags(tags, { rule: rule({ ...keeps, ...bound }), facts: given })
        const stay = own(verdicts.filter(({ keep }) => keep).map((verdict) => verdict.aged))
        expect(stay.length).toBeGreaterThanOrEqual(Math.min(bound.atLeast ?? 0, own(tags).length))
      }),
    )
  })

  test('one thing more to keep removes nothing, and with a lower bound not more', () => {
    fc.assert(
      fc.property(someTags, keepers, keepers, lowerBound, someFacts, (tags, keeps, more, bound, given) => {
        // What the rule says already stands; the rest is added.
        const both = { ...more, ...keeps }
        const less = new Set(keptOf(tags, both, given))
        for (const name of keptOf(tags, keeps, given)) expect(less.has(name)).toBe(true)
        const bounded = (given_: Partial<RetentionRule>) =>
          keptOf(tags, { ...given_, ...bound }, given).length
        expect(bounded(both)).toBeGreaterThanOrEqual(bounded(keeps))
      }),
    )
  })

  test('the verdicts do not depend on the order in which the tags are given, also of one moment', () => {
    fc.assert(
      fc.property(someTags, keepers, lowerBound, fc.nat(), (tags, keeps, bound, seed) => {
        const judgement = { rule: rule({ ...keeps, ...bound }), facts }
        const mixed = tags.toSorted((a, b) => (Bun.hash(a.tag + seed) < Bun.hash(b.tag + seed) ? -1 : 1))
        expect(judgeTags(mixed, judgement)).toEqual(judgeTags(tags, judgement))
      }),
    )
  })

  test('immutable tags and the newest stay, and each verdict says by what', () => {
    fc.assert(
      fc.property(someTags, keepers, lowerBound, someFacts, (tags, keeps, bound, given) => {
        const verdicts = judgeTags(tags, { rule: rule({ ...keeps, ...bound }), facts: given })
        expect(verdicts.map((verdict) => verdict.aged)).toEqual(tags.toSorted(newestFirst))
        const ranked = verdicts.filter(({ rank }) => rank > 0)
        expect(ranked.map(({ rank }) => rank)).toEqual(ranked.map((_, index) => index + 1))
        for (const { aged: each, keep, rank } of verdicts) {
          const isFixed = given.immutable.some((glob) => new Bun.Glob(glob).match(each.tag))
          if (isFixed) expect(keep?.by).toBe('immutable')
          else if (rank > 0 && rank <= (keeps.newest ?? 0)) expect(keep).toBeDefined()
        }
      }),
    )
  })

  test('a judge that is shown one tag after the other says the same', () => {
    fc.assert(
      fc.property(someTags, keepers, (tags, keeps) => {
        const judgement = { rule: rule(keeps), facts }
        const judge = createJudge(judgement, 0)
        expect(tags.toSorted(newestFirst).map(judge)).toEqual(judgeTags(tags, judgement))
      }),
    )
  })
})
