import { RegistryError } from '../../src/oci/errors.ts'

/** What the work throws; undefined when it comes to its end. */
export function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}

/** The code of the registry's error that the work throws; any other failure is thrown on. */
export function codeThrownBy(work: () => unknown): string | undefined {
  const error = thrownBy(work)
  if (error === undefined) return undefined
  if (error instanceof RegistryError) return error.code
  throw error
}
