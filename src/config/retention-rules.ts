import { duration, type Kind } from './values.ts'

/** What stays of the tags of some repositories; a tag that nothing keeps goes. Times are milliseconds. */
export interface RetentionRule {
  /** As it was written. */
  readonly text: string
  /** A glob: `*` stays within a part of a name, `**` crosses parts. */
  readonly repositories: string
  /** So many tags, those that were set last. */
  readonly newest?: number
  /** Tags that were set within this time. */
  readonly pushed?: number
  /** Tags that were pulled, or set, within this time. */
  readonly pulled?: number
  /** Tags that match one of these globs. */
  readonly tags?: readonly string[]
  /** Where the others keep fewer tags than this, the newest of the rest stay as well. */
  readonly atLeast?: number
}

export const retentionRule: Kind<RetentionRule> = {
  allowed:
    'a pattern of repositories and what to keep of their tags, such as "team/** newest=10 pushed=30d pulled=90d tags=v*|stable at-least=3"',
  parse: (text) => {
    const read = readRule(text)
    return 'rule' in read ? read.rule : undefined
  },
  problem: (text) => {
    const read = readRule(text)
    return 'problem' in read ? `${JSON.stringify(text)} is no retention rule: ${read.problem}` : undefined
  },
}

type Read = { readonly rule: RetentionRule } | { readonly problem: string }

function readRule(text: string): Read {
  const [repositories = '', ...terms] = text.trim().split(/\s+/)
  if (!repositoryGlob.test(repositories)) {
    return {
      problem: `it begins with a pattern of repositories such as team/**, and ${JSON.stringify(repositories)} is none`,
    }
  }
  const kept: Record<string, unknown> = {}
  for (const term of terms) {
    const [name = '', value = ''] = split(term)
    const read = isTerm(name) ? readers[name] : undefined
    if (!read) return { problem: `${JSON.stringify(term)} is none of ${names}` }
    if (Object.hasOwn(kept, read.field)) return { problem: `it says ${name} twice` }
    kept[read.field] = read.parse(value)
    if (kept[read.field] === undefined) return { problem: `${term}: ${name} takes ${read.takes}` }
  }
  if (!keeping.some((field) => Object.hasOwn(kept, field))) {
    const why = Object.hasOwn(kept, 'atLeast') ? ' beside at-least' : ''
    return { problem: `it names nothing to keep${why}: one of newest, pushed, pulled and tags` }
  }
  return { rule: { text: [repositories, ...terms].join(' '), repositories, ...kept } }
}

const repositoryGlob = /^[a-z0-9._/*?-]+$/
const tagGlob = /^[a-zA-Z0-9._*?-]+$/

const count = {
  takes: 'a whole number from 1 on',
  parse: (text: string) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined),
}

const age = {
  takes: 'a duration such as 24h or 30d',
  // None at all would keep nothing.
  parse: (text: string) => duration.parse(text) || undefined,
}

const globs = {
  takes: 'patterns of tags such as v*, several separated by |',
  parse(text: string) {
    const patterns = text.split('|')
    return patterns.every((pattern) => tagGlob.test(pattern)) ? patterns : undefined
  },
}

const readers = {
  newest: { field: 'newest', ...count },
  pushed: { field: 'pushed', ...age },
  pulled: { field: 'pulled', ...age },
  tags: { field: 'tags', ...globs },
  'at-least': { field: 'atLeast', ...count },
} as const satisfies Record<
  string,
  { field: keyof RetentionRule; takes: string; parse(text: string): unknown }
>

const names = 'newest=N, pushed=TIME, pulled=TIME, tags=PATTERN|PATTERN, at-least=N'
/** What a rule needs one of: a lower bound alone would be `newest`. */
const keeping = ['newest', 'pushed', 'pulled', 'tags'] as const

function isTerm(name: string): name is keyof typeof readers {
  return Object.hasOwn(readers, name)
}

/** `newest=10` → `newest` and `10` */
function split(term: string): [string, string] {
  const sign = term.indexOf('=')
  return sign < 0 ? [term, ''] : [term.slice(0, sign), term.slice(sign + 1)]
}
