import { statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isMissing } from './storage-errors.ts'

/** Bytes of a file; undefined when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/**
 * Whether the file is there with all of its bytes: what was cut short must not go out as if it were whole. Asked on
 * this thread, which takes some 5 µs, and on which Bun opens the file next.
 */
export function isWhole(path: string, size: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && found.size === size
}
