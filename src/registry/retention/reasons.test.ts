import { expect, test } from 'bun:test'
import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import { namedDigest } from './attached.ts'
import type { TagVerdict } from './judge.ts'
import { reasonText } from './reasons.ts'
import { type RetentionRule, ruleFor } from './rule.ts'

const day = 86_400_000
const everything: RetentionRule = {
  text: '',
  repositories: '**',
  newest: 10,
  pushed: 30 * day,
  pulled: 36 * 3_600_000,
  tags: ['v*', 'stable'],
  atLeast: 3,
}

function reason(verdict: Partial<TagVerdict> & { pulledDay?: number }, rule = everything): string {
  const { pulledDay, ...rest } = verdict
  const aged = { tag: 'x' as Tag, digest: 'sha256:x' as Digest, updatedAt: 0, pulledDay }
  return reasonText({ aged, rank: 1, age: 0, unused: 0, keep: undefined, ...rest }, rule)
}

test('what keeps a tag is said with its measure and the tag’s own', () => {
  expect(reason({ keep: { by: 'newest' }, rank: 1 })).toBe('newest=10: the newest')
  expect(reason({ keep: { by: 'newest' }, rank: 3 })).toBe('newest=10: 3rd newest')
  expect(reason({ keep: { by: 'pushed' }, age: 2.59 * day })).toBe('pushed=30d: set 2.5d ago')
  expect(reason({ keep: { by: 'pushed' }, age: 20 })).toBe('pushed=30d: set just now')
  expect(reason({ keep: { by: 'pulled' }, unused: 90_000, pulledDay: 1 })).toBe(
    'pulled=1.5d: last used 1.5m ago',
  )
  expect(reason({ keep: { by: 'pulled' }, age: 5000, unused: 5000 })).toBe(
    'pulled=1.5d: set 5s ago and not pulled since',
  )
  expect(reason({ keep: { by: 'tags', glob: 'v*' } })).toBe('tags: it matches v*')
  expect(reason({ keep: { by: 'at-least' } })).toBe('at-least=3: fewer would stay without it')
  expect(reason({ keep: { by: 'immutable', glob: 'v*' } })).toContain('tags.immutable')
})

test('a tag that goes is told each thing that it misses', () => {
  expect(reason({ rank: 12, age: 40 * day, unused: 35 * day })).toBe(
    'only the 12th newest (newest=10), set 40d ago (pushed=30d), no pull in the 35d for which pulls are on record (pulled=1.5d), matches none of v*, stable',
  )
  expect(reason({ rank: 1021 }, { text: '', repositories: '**', newest: 1000 })).toBe(
    'only the 1,021st newest (newest=1000)',
  )
})

test('the first rule whose pattern matches is the only one', () => {
  const rules = ['prod', 'team/*', 'team/**', '**'].map((repositories) => ({ ...everything, repositories }))
  const found = (name: string) => ruleFor(rules, name as RepositoryName)?.repositories
  expect(['prod', 'team/a', 'team/a/b', 'team', 'prod/x'].map(found)).toEqual([
    'prod',
    'team/*',
    'team/**',
    '**',
    '**',
  ])
  expect(ruleFor(rules.slice(0, 2), 'other' as RepositoryName)).toBeUndefined()
})

test('a tag may name the digest that it belongs to', () => {
  const hex = 'a'.repeat(64)
  const named = (tag: string) => namedDigest(tag as Tag) as string | undefined
  expect(named(`sha256-${hex}`)).toBe(`sha256:${hex}`)
  expect(named(`sha256-${hex}.sig`)).toBe(`sha256:${hex}`)
  expect(named(`sha512-${hex}${hex}`)).toBe(`sha512:${hex}${hex}`)
  for (const other of [`sha256-${hex}a`, `sha512-${hex}`, `sha256-${hex}-x`, `x-sha256-${hex}`, 'latest'])
    expect(named(other)).toBeUndefined()
})
