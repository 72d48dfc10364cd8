import type { TagVerdict } from './judge.ts'
import type { RetentionRule } from './rule.ts'

/** Why a tag stays or goes, in words: `newest=10: the 3rd newest`. */
export function reasonText(verdict: TagVerdict, rule: RetentionRule): string {
  const { keep } = verdict
  switch (keep?.by) {
    case 'immutable':
      return `immutable: it matches ${keep.glob} (setting tags.immutable)`
    case 'attached':
      return `it belongs to ${keep.to.slice(0, 19)}, which is there`
    case 'tags':
      return `tags: it matches ${keep.glob}`
    case 'newest':
      return `newest=${rule.newest}: ${rankText(verdict)}`
    case 'pushed':
      return `pushed=${ageText(rule.pushed)}: ${setText(verdict)}`
    case 'pulled':
      return `pulled=${ageText(rule.pulled)}: ${usedText(verdict)}`
    case 'at-least':
      return `at-least=${rule.atLeast}: fewer would stay without it`
    case undefined:
      return nothingKeeps(verdict, rule)
  }
}

/** Each thing that the rule would keep a tag for, and how this one misses it. */
function nothingKeeps(verdict: TagVerdict, rule: RetentionRule): string {
  const misses: string[] = []
  if (rule.newest !== undefined) misses.push(`only the ${rankText(verdict)} (newest=${rule.newest})`)
  if (rule.pushed !== undefined) misses.push(`${setText(verdict)} (pushed=${ageText(rule.pushed)})`)
  if (rule.pulled !== undefined) misses.push(`${usedText(verdict)} (pulled=${ageText(rule.pulled)})`)
  if (rule.tags) misses.push(`matches none of ${rule.tags.join(', ')}`)
  return misses.join(', ')
}

function rankText({ rank }: TagVerdict): string {
  return rank === 1 ? 'the newest' : `${ordinal(rank)} newest`
}

function setText({ age }: TagVerdict): string {
  return `set ${agoText(age)}`
}

/** Pulls are recorded since some moment; of a tag that is older nobody knows more than that. */
function usedText({ aged, age, unused }: TagVerdict): string {
  if (aged.pulledDay !== undefined) return `last used ${agoText(unused)}`
  if (unused === age) return `set ${agoText(age)} and not pulled since`
  return `no pull in the ${ageText(unused)} for which pulls are on record`
}

const ordinals = new Intl.PluralRules('en', { type: 'ordinal' })
const endings: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd', other: 'th' }

function ordinal(rank: number): string {
  return `${rank.toLocaleString('en-US')}${endings[ordinals.select(rank)]}`
}

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
] as const

function agoText(age: number): string {
  return age < 1000 ? 'just now' : `${ageText(age)} ago`
}

/** As rules write it, in the largest unit that it has one of: `30d`, `1.5d` for 36h. */
function ageText(age = 0): string {
  for (const [length, unit] of units) {
    if (age >= length) return `${Math.floor((age / length) * 10) / 10}${unit}`
  }
  return `${Math.max(0, Math.round(age))}ms`
}
