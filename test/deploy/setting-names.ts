import { parse } from 'yaml'
import { loadSettings } from '../../src/config/load.ts'
import { environmentName, isSettingName, type SettingName, settingNames } from '../../src/config/settings.ts'

const known: ReadonlySet<string> = new Set(settingNames)
const variables: ReadonlySet<string> = new Set([
  'BERTH_CONFIG',
  ...[...known].map((name) => environmentName(name as SettingName)),
])
const sections: ReadonlySet<string> = new Set([...known].map((name) => name.split('.')[0] ?? ''))

/** The variables of the environment that the text names and that are no settings. */
export function unknownVariables(text: string): string[] {
  return (text.match(/\bBERTH_[A-Z0-9_]*[A-Z0-9]/g) ?? []).filter((name) => !variables.has(name))
}

/** The names in backticks that look like a setting, as `gc.grace` does, and are none. */
export function unknownNames(markdown: string): string[] {
  return [...markdown.matchAll(/`([a-z0-9]+(?:\.[a-z0-9-]+)+)(?::[^`]*)?`/g)]
    .map(([, name = '']) => name)
    .filter((name) => sections.has(name.split('.')[0] ?? '') && !known.has(name))
}

/** The flags that the text names beside `berth serve` and that are no settings. */
export function unknownFlags(text: string): string[] {
  const flags = new Set(['config', 'help', ...[...known].map((name) => name.replaceAll('.', '-'))])
  return [...text.matchAll(/berth serve((?: +(?:\\\n *)?--?[^\s`]+(?: [^\s`-][^\s`]*)?)+)/g)]
    .flatMap(([, rest = '']) => rest.match(/--[a-z0-9-]+/g) ?? [])
    .filter((flag) => !flags.has(flag.slice(2)))
}

/**
 * Reads the text as the server reads its file.
 * @returns the names in it
 * @throws SettingError, or where it names what is no setting
 */
export function checkConfiguration(yaml: string, name = 'berth.yaml'): string[] {
  const values = new Map(flatten(parse(yaml) ?? {}))
  const unknown = [...values.keys()].filter((key) => !known.has(key))
  if (unknown.length > 0) throw new Error(`${name} names ${unknown.join(', ')}, which are no settings`)
  const readable = Object.fromEntries([...values].filter(([key]) => isSettingName(key)))
  loadSettings({ flags: {}, environment: {}, file: { name, text: JSON.stringify(readable) } })
  return [...values.keys()]
}

function flatten(object: object, prefix = ''): [string, unknown][] {
  return Object.entries(object).flatMap(([key, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? flatten(value, `${prefix}${key}.`)
      : [[prefix + key, value]],
  )
}
