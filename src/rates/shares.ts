import { add, countOf, current, type Rate, takeAway, touch, type Uses, waitFor } from './rolling-window.ts'

/** What a process says of one key to where all processes' uses are counted, and what it needs. */
export interface ShareAsk {
  /** Who is limited. */
  readonly key: string
  readonly rate: Rate
  /** Uses that wait for the answer. */
  readonly need: number
  /** Uses that it would like to let through without asking again, those that wait included. */
  readonly want: number
  /** How long ago the latest use was of what it was given, since it last said so; milliseconds. Undefined: none was. */
  readonly usedAgo: number | undefined
  /** Of what it was given, so many will not be used. */
  readonly returned: number
  /** Uses that it let through unasked, because nobody answered. */
  readonly owed: number
}

export interface Share {
  /** Uses that the asker may let through; they count already. */
  readonly granted: number
  /** Uses that all together have left after that. */
  readonly remaining: number
  /** Milliseconds until one comes back; 0 while some remain. */
  readonly wait: number
}

/** The part of what remains that one process may keep for what is yet to come. */
const sparePart = 8

/**
 * Counts for one key what a process used, and gives it a share of what remains. A share is counted when it is given: so
 * all processes together never use more than there is.
 */
export function share(uses: Uses, asked: ShareAsk, now: number): { uses: Uses; share: Share } {
  const { rate, need, want } = asked
  let counted = takeAway(current(uses, rate, now), asked.returned)
  // Some of a share is used a moment after it was counted, and must count for a whole window from then.
  if (asked.usedAgo !== undefined) counted = touch(counted, now - asked.usedAgo)
  counted = add(counted, rate, { count: asked.owed, now })
  const left = Math.max(0, rate.most - countOf(counted))
  const granted = Math.min(left, Math.max(need, Math.min(want, Math.floor(left / sparePart))))
  counted = add(counted, rate, { count: granted, now })
  return { uses: counted, share: { granted, remaining: left - granted, wait: waitFor(counted, rate, now) } }
}
