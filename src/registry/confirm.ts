import { RegistryError } from '../oci/errors.ts'
import { isReadOnly } from './read-only.ts'
import type { Call, Registry } from './registry.ts'

/**
 * Whether what was last confirmed then must be confirmed before this caller is told that it is there: a client that
 * may push relies on the answer and does not send it again. While nobody may push, nobody relies on it.
 */
export function needsConfirming(
  registry: Registry,
  call: Call,
  confirmedAt: number,
): boolean | Promise<boolean> {
  if (!call.mayPush || registry.now() - confirmedAt <= registry.rules.grace / 2) return false
  return isReadOnly(registry).then((readOnly) => !readOnly)
}

/**
 * A pull goes on where nothing can be written: its confirmation fails, and what it asks for is there all the same.
 * @returns what the confirmation found
 */
export async function unlessUnwritable(confirmation: Promise<boolean>): Promise<boolean> {
  try {
    return await confirmation
  } catch (error) {
    if (error instanceof RegistryError && error.code.startsWith('STORAGE_')) return true
    throw error
  }
}
