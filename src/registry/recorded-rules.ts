import type { ChangesMetadata, KeepsState } from '../metadata/metadata-store.ts'

const key = 'rules'

/** Puts the rules that the server keeps to on record, for commands beside it that don't see its settings. */
export async function putRulesOnRecord(metadata: ChangesMetadata & KeepsState, rules: object): Promise<void> {
  const value = JSON.stringify(rules)
  if ((await metadata.getState(key)) !== value) await metadata.change('setState', { key, value })
}

/** What the server that last ran here put on record; undefined before the first. */
export async function rulesOnRecord<R extends object>(metadata: KeepsState): Promise<R | undefined> {
  const value = await metadata.getState(key)
  return value === undefined ? undefined : (JSON.parse(value) as R)
}
