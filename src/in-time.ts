import { RegistryError } from './oci/errors.ts'

/** What was asked does not answer, or not in time. */
export const away = Symbol('it does not answer')

/**
 * A timer that is set for longer runs out at once. What waits for longer wakes up after these 24 days. Milliseconds.
 */
export const longestTimer = 2 ** 31 - 1

/**
 * Waits so long and no longer. Whoever was asked goes on; the timer does not, so that it holds up no command's end.
 * @param patience milliseconds
 */
export async function inTime<T>(answer: Promise<T>, patience: number): Promise<T | typeof away> {
  const late = Promise.withResolvers<typeof away>()
  const timer = setTimeout(() => late.resolve(away), Math.min(patience, longestTimer))
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Milliseconds that a start waits for a storage that may be away: pulls and pushes tell of that, too. */
const startPatience = 3000

/** The same, and a storage that says itself that it can't answer is away as well. */
export async function unlessAway<T>(answer: Promise<T>, patience = startPatience): Promise<T | typeof away> {
  try {
    return await inTime(answer, patience)
  } catch (error) {
    if (error instanceof RegistryError && error.code.startsWith('STORAGE_')) return away
    throw error
  }
}
