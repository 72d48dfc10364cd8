import { parse } from 'yaml'
import {
  attribute,
  directoryUrl,
  distinguishedName,
  duration,
  filter,
  flagIn,
  listIn,
  mappings,
  type Read,
  text,
  word,
} from './directory-values.ts'
import type { Kind } from './values.ts'

/** A directory of people that speaks LDAP. Times are milliseconds. */
export interface DirectorySettings {
  /** Part of what its people are known by: it must not change. */
  readonly name: string
  readonly url: string
  readonly startTls: boolean
  /** A PEM file; undefined: what the system trusts. */
  readonly ca: string | undefined
  /** Undefined: whoever asks need not sign in to search. */
  readonly bind: BindSettings | undefined
  /** Below which people are. */
  readonly base: string
  /** Who of the entries is a person that may sign in. */
  readonly filter: string
  /** Attributes that hold what people sign in as. */
  readonly loginAttributes: readonly string[]
  /** Attribute that an account's name is made from. */
  readonly nameAttribute: string
  /** Attribute that stays the same whatever changes of an entry, and that no other has. */
  readonly subjectAttribute: string
  /** Undefined: none. */
  readonly emailAttribute: string | undefined
  readonly groups: GroupSettings | undefined
  readonly teams: readonly TeamMapping[]
  /** Groups whose members are administrators; undefined: the directory does not say. */
  readonly admins: readonly string[] | undefined
  /** Of one conversation with it. */
  readonly timeout: number
  /** How long what it said of somebody holds. */
  readonly recheck: number
  /** How long tokens go on while it does not answer. */
  readonly outage: number
}

export interface BindSettings {
  readonly dn: string
  readonly password: Secret
}

export type Secret = { readonly text: string } | { readonly file: string } | { readonly variable: string }

/** Groups that a person's entry names, or that are looked for. */
export type GroupSettings =
  | { readonly attribute: string }
  | { readonly base: string; readonly filter: string }

export interface TeamMapping {
  /** The group's whole name, or the value of its first attribute: `cn=dev,ou=groups,dc=example,dc=com` or `dev`. */
  readonly group: string
  readonly organisation: string
  readonly team: string
}

const most = 16

export const directories: Kind<readonly DirectorySettings[]> = {
  allowed:
    'a list of LDAP directories in YAML, in the order in which they are asked, as docs/ldap.md describes it',
  secret: true,
  structured: true,
  parse(text) {
    const read = readDirectories(text)
    return 'value' in read ? read.value : undefined
  },
  problem(text) {
    const read = readDirectories(text)
    return 'problem' in read ? read.problem : undefined
  },
}

function readDirectories(text: string): Read<readonly DirectorySettings[]> {
  if (text.trim() === '') return { value: [] }
  let list: unknown
  try {
    list = parse(text, { logLevel: 'error', maxAliasCount: 0 })
  } catch {
    return { problem: 'it is not YAML' }
  }
  if (!Array.isArray(list)) return { problem: 'it is no list' }
  if (list.length > most) return { problem: `it has more than ${most} directories` }
  const read: DirectorySettings[] = []
  for (const [index, entry] of list.entries()) {
    const one = readDirectory(entry)
    if ('problem' in one) return { problem: `${placeOf(entry, index)}: ${one.problem}` }
    if (read.some(({ name }) => name === one.value.name))
      return { problem: `two directories are called ${one.value.name}` }
    read.push(one.value)
  }
  return { value: read }
}

function placeOf(entry: unknown, index: number): string {
  const { name } = (entry ?? {}) as { name?: unknown }
  return typeof name === 'string' ? `the directory ${name}` : `directory ${index + 1}`
}

const required = Symbol('required')

/** Each key with how its value is read, and what it is where it is left out. */
const keys = {
  name: [word, required],
  url: [directoryUrl, required],
  'start-tls': [flagIn, false],
  ca: [text, undefined],
  plaintext: [flagIn, false],
  'bind-dn': [distinguishedName, undefined],
  'bind-password': [text, undefined],
  'bind-password-file': [text, undefined],
  'bind-password-env': [text, undefined],
  base: [distinguishedName, required],
  filter: [filter, '(objectClass=*)'],
  'login-attributes': [listIn(attribute), undefined],
  'name-attribute': [attribute, 'uid'],
  'subject-attribute': [attribute, 'entryUUID'],
  'email-attribute': [attribute, undefined],
  'groups-attribute': [attribute, undefined],
  'groups-base': [distinguishedName, undefined],
  'groups-filter': [filter, '(member={dn})'],
  teams: [mappings, []],
  admins: [listIn(text), undefined],
  timeout: [duration, 5000],
  recheck: [duration, 300_000],
  outage: [duration, 86_400_000],
} as const satisfies Record<string, readonly [(value: unknown) => Read<unknown>, unknown]>

type Values = {
  readonly [K in keyof typeof keys]:
    | Exclude<ReturnType<(typeof keys)[K][0]>, { problem: string }>['value']
    | Exclude<(typeof keys)[K][1], typeof required>
}

function readDirectory(entry: unknown): Read<DirectorySettings> {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return { problem: 'it is no section with keys such as name, url and base' }
  const values: Record<string, unknown> = {}
  for (const key of Object.keys(entry)) {
    if (!Object.hasOwn(keys, key)) return { problem: `${key} is none of ${Object.keys(keys).join(', ')}` }
  }
  for (const [key, [read, standard]] of Object.entries(keys)) {
    const given = (entry as Record<string, unknown>)[key]
    if (given === undefined || given === null) {
      if (standard === required) return { problem: `${key} is missing` }
      values[key] = standard
      continue
    }
    const value: Read<unknown> = read(given)
    if ('problem' in value) return { problem: `${key} ${value.problem}` }
    values[key] = value.value
  }
  return together(values as Values)
}

/** What the keys say together. */
function together(values: Values): Read<DirectorySettings> {
  const { url } = values
  const secure = url.startsWith('ldaps:') || values['start-tls']
  if (url.startsWith('ldaps:') && values['start-tls'])
    return { problem: 'start-tls is for ldap:// addresses: ldaps:// is TLS from the beginning' }
  if (!secure && !values.plaintext && !isLoopback(url)) {
    return {
      problem:
        'passwords would cross the network in clear: use ldaps://, or start-tls: true; plaintext: true says that it is meant',
    }
  }
  const bind = bindOf(values)
  if (bind && 'problem' in bind) return bind
  const groups = groupsOf(values)
  if (!groups && (values.teams.length > 0 || values.admins))
    return {
      problem: 'teams and admins need groups-attribute or groups-base, which say where groups are found',
    }
  if (values.timeout === 0) return { problem: 'timeout can’t be 0s' }
  return {
    value: {
      name: values.name,
      url,
      startTls: values['start-tls'],
      ca: values.ca,
      bind: bind?.value,
      base: values.base,
      filter: values.filter,
      loginAttributes: values['login-attributes'] ?? [values['name-attribute']],
      nameAttribute: values['name-attribute'],
      subjectAttribute: values['subject-attribute'],
      emailAttribute: values['email-attribute'],
      groups,
      teams: values.teams,
      admins: values.admins,
      timeout: values.timeout,
      recheck: values.recheck,
      outage: values.outage,
    },
  }
}

function bindOf(values: Values): Read<BindSettings> | undefined {
  const secrets: Secret[] = []
  if (values['bind-password'] !== undefined) secrets.push({ text: values['bind-password'] })
  if (values['bind-password-file'] !== undefined) secrets.push({ file: values['bind-password-file'] })
  if (values['bind-password-env'] !== undefined) secrets.push({ variable: values['bind-password-env'] })
  const dn = values['bind-dn']
  if (dn === undefined && secrets.length === 0) return undefined
  const [password] = secrets
  if (dn === undefined || password === undefined || secrets.length > 1)
    return { problem: 'bind-dn goes with one of bind-password, bind-password-file and bind-password-env' }
  if ('variable' in password && password.variable.startsWith('BERTH_'))
    return {
      problem: 'bind-password-env names a variable that does not begin with BERTH_: those are settings',
    }
  return { value: { dn, password } }
}

function groupsOf(values: Values): GroupSettings | undefined {
  const attribute = values['groups-attribute']
  if (attribute !== undefined) return { attribute }
  const base = values['groups-base']
  return base === undefined ? undefined : { base, filter: values['groups-filter'] }
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
