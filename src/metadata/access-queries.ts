import { type AliasedSelectQueryBuilder, type Kysely, type RawBuilder, sql } from 'kysely'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { AccessQuestion } from './access-store.ts'
import type { Schema } from './schema.ts'
import { field, perLength, places, statement } from './statement.ts'

/** The rights of one caller in one place, in one look. */
export const accessFacts = statement<AccessQuestion>()(({ db, arg }) =>
  db
    .selectFrom('access_state')
    .leftJoin('users', (join) => join.on('users.id', '=', arg('user')))
    .leftJoin('robots', (join) => join.on('robots.id', '=', arg('robot')))
    .leftJoin('access_tokens', (join) => join.on('access_tokens.id', '=', arg('accessToken')))
    .leftJoin('repositories', (join) =>
      join.on('repositories.name', '=', arg('repository') as RepositoryName),
    )
    .leftJoin('namespaces', (join) => join.on('namespaces.name', '=', arg('namespace')))
    .leftJoin('organisations', (join) => join.on('organisations.name', '=', arg('organisation')))
    .select([
      'access_state.closed',
      'users.admin',
      'users.disabled',
      'users.generation',
      'robots.organisation as robot_organisation',
      'robots.disabled as robot_disabled',
      'robots.generation as robot_generation',
      'access_tokens.id as token',
      'access_tokens.owner as token_owner',
      'access_tokens.scopes',
      'access_tokens.addresses',
      'access_tokens.expires_at',
      'repositories.visibility',
      'namespaces.owner_kind',
      'namespaces.owner',
      'organisations.id as organisation',
    ])
    .select(({ selectFrom }) => [
      selectFrom('organisation_members')
        .select('organisation_members.role')
        .whereRef('organisation_members.organisation', '=', 'namespaces.owner')
        .where('organisation_members.member', '=', arg('user'))
        .as('owner_role'),
      selectFrom('organisation_members')
        .select('organisation_members.role')
        .whereRef('organisation_members.organisation', '=', 'organisations.id')
        .where('organisation_members.member', '=', arg('user'))
        .as('organisation_role'),
      selectFrom('grants')
        .select(sql<number | null>`max(${rank})`.as('rank'))
        .where((eb) =>
          eb.or([
            eb.and([eb('resource_kind', '=', 'repository'), eb('resource', '=', arg('repository'))]),
            eb.and([eb('resource_kind', '=', 'namespace'), eb('resource', '=', arg('namespace'))]),
          ]),
        )
        .where('subject', 'in', subjects(arg('user')))
        .as('granted'),
    ]),
)

/** Roles as numbers, the higher including the lower: the place in `rolesByRank`. */
const rank: RawBuilder<number> = sql`case role when 'read' then 1 when 'write' then 2 when 'maintain' then 3 when 'admin' then 4 end`
export const rolesByRank = [undefined, 'read', 'write', 'maintain', 'admin'] as const

/** A user and the teams that he is in. */
function subjects(user: string): RawBuilder<string> {
  return sql`(select ${user} union all select team from team_members where member = ${user})`
}

export interface ReadableRoot {
  kind: 'namespace' | 'repository'
  name: string
}

/** Where an account may read: whole namespaces, and single repositories. */
export const readableRoots = statement<{ user: string; organisation: string }>()(({ db, arg }) =>
  db
    .selectFrom('grants')
    .select(['resource_kind as kind', 'resource as name'])
    .where('subject', 'in', subjects(arg('user')))
    .union((eb) =>
      eb
        .selectFrom('namespaces')
        .select([sql<'namespace' | 'repository'>`'namespace'`.as('kind'), 'name'])
        .where(
          'owner',
          'in',
          sql<string>`(select ${arg('user')} union all select ${arg('organisation')} union all select organisation from organisation_members where member = ${arg('user')} and role = 'owner')`,
        ),
    ),
)

/** Names above `low` and below `high`, both exclusive. */
export interface NameRange {
  readonly low: string
  readonly high: string
}

interface RangePage {
  ranges: readonly NameRange[]
  limit: number
}

/** A page of each range of names that do not overlap: so that a page of all of them comes in one look. */
export const repositoriesInRanges = perLength((length) =>
  statement<RangePage>()(({ db, arg }) =>
    together(
      places(arg('ranges'), length).map((range) => inRange(db, range, arg('limit')).as('range')),
      db,
    ),
  ),
)

/** The same of the names that match. */
export const matchesInRanges = perLength((length) =>
  statement<RangePage & { pattern: string }>()(({ db, arg }) =>
    together(
      places(arg('ranges'), length).map((range) =>
        inRange(db, range, arg('limit'))
          .where(matches(arg('pattern')))
          .as('range'),
      ),
      db,
    ),
  ),
)

function inRange(db: Kysely<Schema>, range: NameRange, limit: number) {
  return db
    .selectFrom('repositories')
    .select('name')
    .where('name', '>', field(range, 'low') as RepositoryName)
    .where('name', '<', field(range, 'high') as RepositoryName)
    .where(holdsSomething)
    .orderBy('name')
    .limit(limit)
}

function together(
  pages: readonly AliasedSelectQueryBuilder<{ name: RepositoryName }, 'range'>[],
  db: Kysely<Schema>,
) {
  const [first, ...rest] = pages.map((page) => db.selectFrom(page).select('range.name'))
  if (!first) throw new Error('a page of no ranges')
  return rest.reduce((all, one) => all.unionAll(one), first)
}

function matches(pattern: string): RawBuilder<boolean> {
  return sql<boolean>`name like ${pattern} escape '\\'`
}

export const namedRepositories = perLength((length) =>
  statement<{ names: readonly string[] }>()(({ db, arg }) =>
    db
      .selectFrom('repositories')
      .select('name')
      .where('name', 'in', places(arg('names'), length) as RepositoryName[])
      .where(holdsSomething),
  ),
)

export const publicRepositories = statement<{ after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('repositories')
    .select('name')
    .where('visibility', '=', 'public')
    .where('name', '>', arg('after') as RepositoryName)
    .where(holdsSomething)
    .orderBy('name')
    .limit(arg('limit')),
)

interface SearchOf {
  pattern: string
  term: string
  limit: number
}

export const publicSearch = statement<SearchOf>()(({ db, arg }) =>
  db
    .selectFrom('repositories')
    .select('name')
    .where('visibility', '=', 'public')
    .where(matches(arg('pattern')))
    .where(holdsSomething)
    .orderBy(sql`case when name = ${arg('term')} or name = 'library/' || ${arg('term')} then 0 else 1 end`)
    .orderBy('name')
    .limit(arg('limit')),
)

/** No ghosts of deleted content. */
const holdsSomething = sql<boolean>`exists (select 1 from manifests where manifests.repository = repositories.name)`
