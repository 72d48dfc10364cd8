/** Milliseconds. */
const first = 5000
const longest = 6 * 3_600_000

/**
 * Until the next attempt: twice as long each time, from 5 s to 6 h, and a fifth more or less, so that many that failed
 * together don't come back together.
 * @param failures how many there were, 1 or more
 * @param random from 0 up to 1
 */
export function backoff(failures: number, random: number): number {
  const delay = Math.min(first * 2 ** Math.min(failures - 1, 30), longest)
  return Math.round(delay * (0.8 + 0.4 * random))
}
