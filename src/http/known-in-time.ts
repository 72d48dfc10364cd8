import { away, unlessAway } from '../in-time.ts'

/** Prometheus gives a scrape up after 10 s, unless it is told otherwise. Milliseconds. */
const longest = 4000

/**
 * A figure for the metrics; undefined where the storage does not tell it now, or not in time: when the database is away,
 * the other figures are what somebody wants to see.
 */
export async function knownInTime(
  read: () => number | undefined | Promise<number | undefined>,
): Promise<number | undefined> {
  const value = read()
  if (!(value instanceof Promise)) return value
  const figure = await unlessAway(value, longest)
  return figure === away ? undefined : figure
}
