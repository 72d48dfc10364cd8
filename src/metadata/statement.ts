import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import type { Schema } from './schema.ts'

export type DialectName = 'sqlite' | 'postgres'

/**
 * A query that Kysely compiles once for each dialect, with named places for its arguments: building and compiling
 * it anew costs ten times what SQLite needs to answer it.
 */
export interface Statement<Arguments, Row> {
  compile(dialect: DialectName): CompiledStatement<Arguments>
  /** Exists for the compiler alone: what one row is. */
  readonly row?: Row
}

export interface CompiledStatement<Arguments> {
  readonly sql: string
  values(args: Arguments): unknown[]
}

export interface StatementScope<Arguments> {
  readonly db: Kysely<Schema>
  readonly dialect: DialectName
  /** The place where an argument's value goes. */
  arg<K extends keyof Arguments>(name: K): Arguments[K]
  /** Milliseconds since 1970, by the database's clock. */
  readonly now: RawBuilder<number>
}

/** Curried, so that the arguments are named and the row is inferred: `statement<{ id: string }>()(({ db, arg }) => …)`. */
export function statement<Arguments extends object>() {
  return <Row>(build: (scope: StatementScope<Arguments>) => Compilable<Row>): Statement<Arguments, Row> => {
    const compiled: Partial<Record<DialectName, CompiledStatement<Arguments>>> = {}
    return {
      compile(dialect) {
        compiled[dialect] ??= compile(build(scope<Arguments>(dialect)))
        return compiled[dialect]
      },
    }
  }
}

/** Statements that take lists, one for each length: `perLength((n) => statement<…>()(…))`. */
export function perLength<S>(build: (length: number) => S): (length: number) => S {
  const built = new Map<number, S>()
  return (length) => {
    let found = built.get(length)
    if (!found) {
      found = build(length)
      built.set(length, found)
    }
    return found
  }
}

/** The longest list that one statement takes: PostgreSQL and SQLite bound the number of parameters. */
export const longestList = 500

export function* slices<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += longestList)
    yield items.slice(start, start + longestList)
}

/** Places for the entries of a list argument, for `in` and for the rows of an insert. */
export function places<T>(list: readonly T[], length: number): T[] {
  const place = list as unknown as Place
  return Array.from({ length }, (_, index) => new Place([...place.path, index]) as unknown as T)
}

/** The place of one field of an entry that `places` made. */
export function field<T extends object, K extends keyof T & string>(entry: T, name: K): T[K] {
  return new Place([...(entry as unknown as Place).path, name]) as unknown as T[K]
}

class Place {
  readonly path: readonly (string | number)[]

  constructor(path: readonly (string | number)[]) {
    this.path = path
  }
}

function scope<Arguments>(dialect: DialectName): StatementScope<Arguments> {
  return {
    db: builders[dialect],
    dialect,
    arg: (name) => new Place([name as string]) as never,
    now: clocks[dialect],
  }
}

function compile<Arguments>(query: Compilable<unknown>): CompiledStatement<Arguments> {
  const { sql: text, parameters } = query.compile()
  const getters = parameters.map((parameter) => {
    if (!(parameter instanceof Place)) return () => parameter
    const [first, ...rest] = parameter.path
    if (rest.length === 0) return (args: Arguments) => args[first as keyof Arguments]
    return (args: Arguments) => parameter.path.reduce<unknown>((value, key) => value?.[key as never], args)
  })
  return { sql: text, values: (args) => getters.map((get) => get(args)) }
}

/** Builders without a connection: they only compile. */
export const builders: Record<DialectName, Kysely<Schema>> = {
  sqlite: new Kysely({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
  postgres: new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
}

const clocks: Record<DialectName, RawBuilder<number>> = {
  sqlite: sql<number>`cast(unixepoch('subsec') * 1000 as integer)`,
  // statement_timestamp, not now(): a transaction that waited for a lock must not date its rows before it.
  postgres: sql<number>`(extract(epoch from statement_timestamp()) * 1000)::bigint`,
}
