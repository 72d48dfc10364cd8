/** So many in so long a time, whenever that time begins: `100/6h`. */
export interface Rate {
  readonly most: number
  /** Milliseconds. */
  readonly window: number
}

/**
 * Uses that were counted close to each other, as three numbers: when the first and the last of them were, in milliseconds
 * since 1970, and how many. All of them count until a window after the last.
 */
export type Uses = readonly (readonly [first: number, last: number, count: number])[]

/** Into how many parts a window is divided: uses of one part go together, so that each counts at most a part too long. */
export const parts = 24

/** What is left of the uses by now, the oldest first. */
export function current(uses: Uses, { window }: Rate, now: number): Uses {
  // Of a clock that was set back, nothing lies ahead.
  const present = uses.map(
    ([first, last, count]) => [Math.min(first, now), Math.min(last, now), count] as const,
  )
  return present.filter(([, last, count]) => count > 0 && last + window > now)
}

export function countOf(uses: Uses): number {
  return uses.reduce((sum, [, , count]) => sum + count, 0)
}

export function add(uses: Uses, { window }: Rate, { count, now }: { count: number; now: number }): Uses {
  if (count <= 0) return uses
  const newest = uses.at(-1)
  if (newest && now - newest[0] < window / parts)
    return [...uses.slice(0, -1), [newest[0], now, newest[2] + count]]
  return [...uses, [now, now, count]]
}

/** Takes uses away that were none after all: the latest. */
export function takeAway(uses: Uses, count: number): Uses {
  const newest = uses.at(-1)
  if (!newest || count <= 0) return uses
  const [first, last, counted] = newest
  if (counted > count) return [...uses.slice(0, -1), [first, last, counted - count]]
  return takeAway(uses.slice(0, -1), count - counted)
}

/** The latest use was then, though it was counted before. */
export function touch(uses: Uses, at: number): Uses {
  const newest = uses.at(-1)
  return newest && newest[1] < at ? [...uses.slice(0, -1), [newest[0], at, newest[2]]] : uses
}

/** Milliseconds until one more fits; 0: it does now. */
export function waitFor(uses: Uses, { most, window }: Rate, now: number): number {
  let over = countOf(uses) - most + 1
  for (const [, last, count] of uses) {
    if (over <= 0) break
    over -= count
    if (over <= 0) return Math.max(0, last + window - now)
  }
  return 0
}
