import { RegistryError } from '../oci/errors.ts'

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
  const figure = value.catch((error: unknown) => {
    if (error instanceof RegistryError && error.code.startsWith('STORAGE_')) return undefined
    throw error
  })
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), longest)
  try {
    return await Promise.race([figure, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
