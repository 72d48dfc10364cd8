import { isRepositoryName, type RepositoryName } from '../oci/repository-name.ts'
import * as queries from './access-queries.ts'
import type { AccessFacts, DecidesAccess, ListsReadable, ReadableBy } from './access-store.ts'
import type { Reader } from './engine.ts'

/** Ranges that one statement looks through: their number is rounded up to one of these. */
const rangeSteps = [1, 4, 16, 64]
const mostRanges = 64

/** What decisions ask: the same queries on every engine. */
export function accessReads(engine: Reader): DecidesAccess & ListsReadable {
  return {
    async accessFacts(question) {
      const row = await engine.first(queries.accessFacts, question)
      if (!row) throw new Error('the table access_state has no row')
      return factsOf(row)
    },

    async listReadable({ by, after = '', limit }) {
      // Side by side: over a network each look costs a round trip.
      const [open, roots] = await Promise.all([
        engine.all(queries.publicRepositories, { after, limit }),
        rootsOf(engine, by),
      ])
      const [granted, own] = await Promise.all([
        present(engine, { names: roots.repositories.filter((name) => name > after), limit }),
        below(engine, { namespaces: roots.namespaces, after, limit }),
      ])
      const names = new Set([...open.map(({ name }) => name), ...granted, ...own])
      return [...names].sort().slice(0, limit)
    },

    async searchReadable({ by, term, limit }) {
      // A term that no name can hold needs no search; it may hold what a database refuses as text.
      if (term !== '' && !/^[a-z0-9._/-]+$/.test(term)) return []
      const search = { term, pattern: `%${term.replaceAll(/[\\%_]/g, '\\$&')}%`, limit }
      const roots = await rootsOf(engine, by)
      const found = await engine.all(queries.publicSearch, search)
      const names = new Set<RepositoryName>(found.map(({ name }) => name))
      const exact = [term, `library/${term}`]
      const order = (a: string, b: string) =>
        Number(exact.includes(b)) - Number(exact.includes(a)) || compare(a, b)
      // The exact ones come first, wherever they lie.
      const within = exact.filter((name) => roots.namespaces.includes(name.split('/')[0] ?? ''))
      const single = roots.repositories.filter((name) => name.includes(term))
      const named = [...new Set([...within.filter(isRepositoryName), ...single])].sort(order)
      for (const name of await present(engine, { names: named, limit })) names.add(name)
      for (const name of await below(engine, { ...search, namespaces: roots.namespaces, after: '' }))
        names.add(name)
      return [...names].sort(order).slice(0, limit)
    },
  }
}

type FactsRow = NonNullable<(typeof queries.accessFacts)['row']>

function factsOf(row: FactsRow): AccessFacts {
  return {
    closed: row.closed === 1,
    account: accountOf(row),
    accessToken: row.token
      ? {
          owner: row.token_owner ?? '',
          scopes: row.scopes ?? undefined,
          addresses: row.addresses ?? undefined,
          expiresAt: row.expires_at ?? undefined,
        }
      : undefined,
    visibility: row.visibility ?? undefined,
    namespace: row.owner_kind ? { ownerKind: row.owner_kind, owner: row.owner ?? undefined } : undefined,
    granted: queries.rolesByRank[row.granted ?? 0],
    ownerRole: row.owner_role ?? undefined,
    organisation: row.organisation
      ? { id: row.organisation, role: row.organisation_role ?? undefined }
      : undefined,
  }
}

function accountOf(row: FactsRow): AccessFacts['account'] {
  if (row.generation !== null) {
    const { admin, disabled, generation } = row
    return { admin: admin === 1, disabled: disabled === 1, generation, organisation: undefined }
  }
  if (row.robot_generation === null) return undefined
  return {
    admin: false,
    disabled: row.robot_disabled === 1,
    generation: row.robot_generation,
    organisation: row.robot_organisation ?? undefined,
  }
}

/** Namespaces in the order of the names below them. */
async function rootsOf(
  engine: Reader,
  by: ReadableBy,
): Promise<{ namespaces: string[]; repositories: RepositoryName[] }> {
  if (by.user === '' && by.organisation === '') return { namespaces: [], repositories: [] }
  const roots = await engine.all(queries.readableRoots, { ...by })
  const of = (kind: queries.ReadableRoot['kind']) =>
    roots.filter((root) => root.kind === kind).map(({ name }) => name)
  return {
    namespaces: [...new Set(of('namespace'))].sort((a, b) => compare(`${a}/`, `${b}/`)),
    repositories: [...new Set(of('repository'))].filter(isRepositoryName).sort(),
  }
}

/** Those of the names that hold something, in their order; it stops where the page is full. */
async function present(
  engine: Reader,
  { names, limit }: { names: readonly RepositoryName[]; limit: number },
): Promise<RepositoryName[]> {
  const found: RepositoryName[] = []
  for (let start = 0; start < names.length && found.length < limit; start += mostRanges) {
    const slice = padded(names.slice(start, start + mostRanges))
    const rows = await engine.all(queries.namedRepositories(slice.length), { names: slice })
    found.push(...rows.map(({ name }) => name))
  }
  return found
}

interface BelowPage {
  readonly namespaces: readonly string[]
  /** `%term%`; undefined: all. */
  readonly pattern?: string
  readonly after: string
  readonly limit: number
}

/** A page of what lies below the namespaces, which are in the order of their names; it stops where the page is full. */
async function below(
  engine: Reader,
  { namespaces, after, pattern, limit }: BelowPage,
): Promise<RepositoryName[]> {
  const ranges = namespaces
    .map(rangeOf)
    .filter(({ high }) => high > after)
    .map(({ low, high }) => ({ low: low > after ? low : after, high }))
  const found: RepositoryName[] = []
  for (let start = 0; start < ranges.length && found.length < limit; start += mostRanges) {
    const slice = padded(ranges.slice(start, start + mostRanges))
    const page = { ranges: slice, limit }
    const rows =
      pattern === undefined
        ? await engine.all(queries.repositoriesInRanges(slice.length), page)
        : await engine.all(queries.matchesInRanges(slice.length), { ...page, pattern })
    found.push(...rows.map(({ name }) => name))
  }
  return found
}

/** Repeats the last: what comes twice counts once. So there are few statements, each compiled once. */
function padded<T>(items: readonly T[]): T[] {
  const length = rangeSteps.find((step) => step >= items.length) ?? items.length
  const last = items.at(-1) as T
  return [...items, ...Array.from({ length: length - items.length }, () => last)]
}

/** `team` → everything between `team/` and `team0`, the character that follows the slash. */
function rangeOf(namespace: string): queries.NameRange {
  return { low: `${namespace}/`, high: `${namespace}0` }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
