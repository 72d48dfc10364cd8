import type { KeepsState } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'

/** Where the switch is on record, so that it holds for every process and after a restart. */
export const readOnlyKey = 'read-only'

interface Switchable {
  readonly metadata: KeepsState
  readonly rules: { readonly readOnly: boolean }
}

/** Whether writes are refused, by the setting or by the switch. */
export async function isReadOnly({ metadata, rules }: Switchable): Promise<boolean> {
  return rules.readOnly || (await metadata.getState(readOnlyKey)) !== undefined
}

/** @throws READ_ONLY */
export async function requireWritable(registry: Switchable): Promise<void> {
  if (!(await isReadOnly(registry))) return
  throw new RegistryError(
    'READ_ONLY',
    'the registry is read-only for now, for maintenance: pulls go on; try again later',
  )
}
