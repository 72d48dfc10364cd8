import type { ChangesMetadata, KeepsState } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import { instant } from './moment.ts'

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

export interface ReadOnlyStatus {
  /** Whether writes are refused. */
  readonly readOnly: boolean
  /** Whether the setting server.read-only refuses them, whatever the switch says. */
  readonly setting: boolean
  /** Who turned the switch on, and when (ISO 8601); null while it is off. */
  readonly switched: { readonly by: string; readonly at: string } | null
}

export async function readOnlyStatus({ metadata, rules }: Switchable): Promise<ReadOnlyStatus> {
  const value = await metadata.getState(readOnlyKey)
  return {
    readOnly: rules.readOnly || value !== undefined,
    setting: rules.readOnly,
    switched: value === undefined ? null : { by: '', at: instant(0), ...JSON.parse(value) },
  }
}

interface Switching extends Switchable {
  readonly metadata: KeepsState & ChangesMetadata
  now(): number
}

/** Turns the switch; turned on twice, it keeps who did so first. */
export async function switchReadOnly(
  registry: Switching,
  { readOnly, caller }: { readOnly: boolean; caller: string },
): Promise<ReadOnlyStatus> {
  const { metadata } = registry
  const value = JSON.stringify({ by: caller, at: instant(registry.now()) })
  if (!readOnly) await metadata.change('setState', { key: readOnlyKey, value: null })
  else if ((await metadata.getState(readOnlyKey)) === undefined)
    await metadata.change('setState', { key: readOnlyKey, value })
  return readOnlyStatus(registry)
}
