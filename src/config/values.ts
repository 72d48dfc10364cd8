import { isIPv4, isIPv6 } from 'node:net'

/** How a setting's text becomes its value; what is allowed is said in words, for messages and `--help`. */
export interface Kind<T> {
  readonly allowed: string
  /** undefined when the text is not one of this kind. */
  parse(text: string): T | undefined
  /** Which part of a text of several parts is wrong, and why; undefined: nothing is, or the whole text. */
  problem?(text: string): string | undefined
  /** The text may hold a password: no message repeats it. */
  readonly secret?: true
  /** In the file it may be a list of sections, which arrives as JSON. */
  readonly structured?: true
}

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A hundred years: what is added to a time stays one that a date can say. Milliseconds. */
const longestDuration = 36_500 * 86_400_000

/** Milliseconds. */
export const duration: Kind<number> = {
  allowed: 'a duration such as 90s, 10m, 24h or 7d (0s: none)',
  parse(text) {
    const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text)
    const value = match ? Math.round(Number(match[1]) * (durationUnits[match[2] ?? ''] ?? 0)) : undefined
    return value !== undefined && value <= longestDuration ? value : undefined
  },
  problem: (text) => (/^\d{4,}(?:\.\d{1,3})?[hd]$/.test(text) ? 'it is longer than 36500d' : undefined),
}

/** Milliseconds; null: off. */
export const durationOrOff: Kind<number | null> = {
  allowed: 'a duration such as 24h or 30d, or off',
  parse: (text) => (text === 'off' ? null : duration.parse(text)),
}

/** @param most milliseconds */
export function durationUpTo(most: number): Kind<number> {
  return {
    allowed: `a duration of at most ${most / 1000}s, such as 90s (0s: none)`,
    parse(text) {
      const value = duration.parse(text)
      return value !== undefined && value <= most ? value : undefined
    },
  }
}

/** @param least, most milliseconds */
export function durationBetween(least: number, most: number): Kind<number> {
  return {
    allowed: `a duration from ${least / 1000}s to ${most / 3_600_000}h, such as 30m`,
    parse(text) {
      const value = duration.parse(text)
      return value !== undefined && value >= least && value <= most ? value : undefined
    },
  }
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** Bytes. */
export const size: Kind<number> = {
  allowed: 'a size such as 512MiB, 10GiB or 0',
  parse(text) {
    const match = /^(\d{1,12}(?:\.\d{1,3})?) ?([KMGT]i?B|B|)$/.exec(text)
    return match ? Math.round(Number(match[1]) * (sizeUnits[match[2] ?? ''] ?? 0)) : undefined
  },
}

export const flag: Kind<boolean> = {
  allowed: 'true or false',
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
}

export function oneOf<T extends string>(choices: readonly T[]): Kind<T> {
  return {
    allowed: `one of ${choices.join(', ')}`,
    parse: (text) => choices.find((choice) => choice === text),
  }
}

export function wholeNumber({ from, to }: { from: number; to: number }): Kind<number> {
  return {
    allowed: `a whole number from ${from} to ${to}`,
    parse(text) {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
      return value >= from && value <= to ? value : undefined
    },
  }
}

/** More processes than this on one machine help nobody. */
const mostProcesses = 64

/** @param cores what `auto` means */
export function processes(cores: number): Kind<number> {
  return {
    allowed: `a number from 1 to ${mostProcesses}, or auto for one on each core`,
    parse(text) {
      if (text === 'auto') return Math.min(Math.max(cores, 1), mostProcesses)
      const count = /^\d{1,2}$/.test(text) ? Number(text) : 0
      return count >= 1 && count <= mostProcesses ? count : undefined
    },
  }
}

/** Empty: none. */
export const optionalPath: Kind<string> = {
  allowed: 'a path',
  parse: (text) => (text.includes('\0') ? undefined : text),
}

export const filePath: Kind<string> = {
  allowed: 'a path',
  parse: (text) => (text !== '' && !text.includes('\0') ? text : undefined),
}

/** Separated by commas, or a list in the file. */
export function listOf<T>(kind: Kind<T>, { atLeast = 0 } = {}): Kind<readonly T[]> {
  return {
    allowed: `${kind.allowed}; several are separated by commas`,
    parse(text) {
      const values = entriesOf(text).map((entry) => kind.parse(entry))
      if (values.length < atLeast) return undefined
      return values.every((value): value is Exclude<typeof value, undefined> => value !== undefined)
        ? values
        : undefined
    },
    problem(text) {
      for (const entry of entriesOf(text)) {
        const problem = kind.problem?.(entry)
        if (problem) return problem
      }
      return undefined
    },
  }
}

function entriesOf(list: string): string[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

export const webOrigin: Kind<string> = {
  allowed: 'an origin such as https://ui.example.com, or *',
  parse: (text) => (text === '*' || /^https?:\/\/[^/\s,]+$/.test(text) ? text : undefined),
}

/** How clients reach the registry, without a path; null: not said. */
export const ownUrl: Kind<string | null> = {
  allowed: 'a URL such as https://registry.example.com, without a path',
  parse(text) {
    if (text === '') return null
    return /^https?:\/\/[^/\s,?#@]+\/?$/.test(text) && URL.canParse(text) ? new URL(text).origin : undefined
  },
}

/** To the letter, as tokens name it. */
export const issuerUrl: Kind<string> = {
  allowed: 'the URL of an issuer as its tokens name it, such as https://gitlab.example.com',
  parse: (text) => (/^https?:\/\/[^\s,?#@]+$/.test(text) && URL.canParse(text) ? text : undefined),
}

export const addressRange: Kind<string> = {
  allowed: 'an address or a range of them, such as 10.0.0.0/8 or ::1',
  parse(text) {
    const [address = '', prefix, ...rest] = text.split('/')
    const most = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : -1
    const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= most)
    return most >= 0 && fits && rest.length === 0 ? text : undefined
  },
}

/** Where to listen; an empty host is every interface. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export const listenAddress: Kind<ListenAddress> = {
  allowed: 'HOST:PORT, such as localhost:5000, 0.0.0.0:5000, [::1]:5000 or :5000 for every interface',
  parse(text) {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text)
    const port = Number(match?.[3])
    return match && port <= 65_535 ? { host: match[1] ?? match[2] ?? '', port } : undefined
  },
}

/** Globs: `*` stays within a part of a name, `**` crosses parts. */
export interface ImmutableTags {
  readonly repositories: string
  readonly tags: string
}

export const immutableTags: Kind<ImmutableTags> = {
  allowed: 'REPOSITORIES:TAGS, two patterns such as prod/**:v*, or all',
  parse(text) {
    if (text === 'all') return { repositories: '**', tags: '*' }
    const match = /^([a-z0-9._/*?-]+):([a-zA-Z0-9._*?-]+)$/.exec(text)
    return match?.[1] && match[2] ? { repositories: match[1], tags: match[2] } : undefined
  },
}
