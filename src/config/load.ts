import { parse } from 'yaml'
import {
  environmentName,
  flagName,
  isSettingName,
  type SettingName,
  type Settings,
  settingNames,
  settings,
} from './settings.ts'
import type { Kind } from './values.ts'

/** A setting that can't be used: the message names it, says where it stands and what is allowed. */
export class SettingError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SettingError'
  }
}

export interface SettingSources {
  /** By setting name; repeated flags are joined by commas. */
  readonly flags: Partial<Record<SettingName, string>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Text of the YAML file, and what it is called in messages. */
  readonly file?: { readonly name: string; readonly text: string }
}

interface Given {
  readonly text: string
  /** For messages: `--gc-grace`, `BERTH_GC_GRACE`, `gc.grace in berth.yaml`. */
  readonly where: string
}

/** Flags win over the environment, that over the file, that over the defaults. @throws SettingError */
export function loadSettings(sources: SettingSources): Settings {
  const given = new Map<SettingName, Given>()
  if (sources.file) fromFile(sources.file, given)
  fromEnvironment(sources.environment, given)
  for (const name of settingNames) {
    const text = sources.flags[name]
    if (text !== undefined) given.set(name, { text, where: `--${flagName(name)}` })
  }
  const values: Record<string, unknown> = {}
  for (const name of settingNames) {
    const { text, where } = given.get(name) ?? { text: settings[name].default, where: name }
    values[name] = parseSetting(name, text, where)
  }
  return values as Settings
}

/** Variables that Berth reads but that are no settings. */
const otherVariables: ReadonlySet<string> = new Set(['BERTH_CONFIG'])
/** Not meant for the server: the project's tests, and what Kubernetes adds for a Service called berth. */
const foreign =
  /^BERTH_(?:(?:TEST|BENCH|BIN)(?:_|$)|(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT|PORT)(?:_|$))/

function fromEnvironment(environment: SettingSources['environment'], given: Map<SettingName, Given>): void {
  const names = new Map(settingNames.map((name) => [environmentName(name), name]))
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('BERTH_') || text === undefined) continue
    if (otherVariables.has(variable) || foreign.test(variable)) continue
    const name = names.get(variable)
    if (!name) throw unknown(variable, [...names.keys()])
    given.set(name, { text, where: variable })
  }
}

function fromFile(file: { name: string; text: string }, given: Map<SettingName, Given>): void {
  let document: unknown
  try {
    document = parse(file.text, { logLevel: 'error', maxAliasCount: 0 })
  } catch (error) {
    const hint = /[-:,[]\s*\*/.test(file.text) ? ' (a text that begins with * needs quotes)' : ''
    throw new SettingError(`${file.name} is not YAML: ${(error as Error).message.split('\n')[0]}${hint}`)
  }
  if (document === null || document === undefined) return
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new SettingError(`${file.name} must hold settings, such as "listen: localhost:5000"`)
  }
  for (const [name, text] of flatten(document as Record<string, unknown>, '')) {
    if (!isSettingName(name)) throw unknown(`${name} in ${file.name}`, settingNames, name)
    given.set(name, { text, where: `${name} in ${file.name}` })
  }
}

/** `gc: { grace: 1h }` and `gc.grace: 1h` are the same. */
function* flatten(object: Record<string, unknown>, prefix: string): Generator<[string, string]> {
  for (const [key, value] of Object.entries(object)) {
    const name = prefix + key
    if (isStructured(name) && typeof value === 'object' && value !== null) yield [name, JSON.stringify(value)]
    else if (Array.isArray(value)) yield [name, value.map((entry) => entryText(entry, name)).join(',')]
    else if (typeof value === 'object' && value !== null) {
      yield* flatten(value as Record<string, unknown>, `${name}.`)
    } else if (value !== null) yield [name, String(value)]
    // A section with nothing in it says nothing.
    else if (!settingNames.some((known) => known.startsWith(`${name}.`))) yield [name, '']
  }
}

function isStructured(name: string): boolean {
  return isSettingName(name) && (settings[name].kind as Kind<unknown>).structured === true
}

/** A colon and a space in a text without quotes make a section of it. */
function entryText(entry: unknown, name: string): string {
  if (typeof entry !== 'object' || entry === null) return String(entry)
  throw new SettingError(
    `${name}: the list holds ${JSON.stringify(entry)} where a text is expected; put it in quotes`,
  )
}

/**
 * The value of a setting's text.
 * @param where for messages: `--gc-grace`
 * @throws SettingError
 */
export function parseSetting<N extends SettingName>(name: N, text: string, where: string): Settings[N] {
  const kind = settings[name].kind as Kind<Settings[N]>
  const value = kind.parse(text)
  if (value !== undefined) return value
  const problem = kind.problem?.(text)
  throw new SettingError(
    problem
      ? `${where}: ${problem}; it must be ${kind.allowed}`
      : `${where}: ${kind.secret ? 'the value' : JSON.stringify(text)} is not ${kind.allowed}`,
  )
}

function unknown(where: string, known: readonly string[], name = where): SettingError {
  const near = known.filter((candidate) => distance(candidate, name) <= 3)
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `known are ${known.join(', ')}`
  return new SettingError(`${where} is not a setting; ${hint}`)
}

/** Levenshtein's, so that a typing error is met with the name that was meant. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      next.push(
        Math.min((row[j] ?? 0) + (letter === other ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1),
      )
    }
    row = next
  }
  return row[b.length] ?? 0
}
