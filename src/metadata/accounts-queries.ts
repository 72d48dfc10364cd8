import { sql } from 'kysely'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { ResourceKind } from './accounts-schema.ts'
import { statement } from './statement.ts'

interface NamePage {
  after: string
  limit: number
}

export const accessState = statement<object>()(({ db }) =>
  db
    .selectFrom('access_state')
    .select(['closed', 'closed_at', 'why', sql<number>`(select count(*) from users)`.as('users')]),
)

export const userByName = statement<{ name: string }>()(({ db, arg }) =>
  db
    .selectFrom('users')
    .leftJoin('outside_identities', 'outside_identities.account', 'users.id')
    .selectAll('users')
    .select('issuer')
    .where('name', '=', arg('name')),
)

export const userById = statement<{ id: string }>()(({ db, arg }) =>
  db
    .selectFrom('users')
    .leftJoin('outside_identities', 'outside_identities.account', 'users.id')
    .selectAll('users')
    .select('issuer')
    .where('id', '=', arg('id')),
)

export const userByIdentity = statement<{ issuer: string; subject: string }>()(({ db, arg }) =>
  db
    .selectFrom('outside_identities')
    .innerJoin('users', 'users.id', 'outside_identities.account')
    .selectAll('users')
    .select('issuer')
    .where('issuer', '=', arg('issuer'))
    .where('subject', '=', arg('subject')),
)

export const userPage = statement<NamePage>()(({ db, arg }) =>
  db
    .selectFrom('users')
    .leftJoin('outside_identities', 'outside_identities.account', 'users.id')
    .selectAll('users')
    .select('issuer')
    .where('name', '>', arg('after'))
    .orderBy('name')
    .limit(arg('limit')),
)

export const nameUse = statement<{ name: string; low: string; high: string }>()(({ db, arg }) =>
  db.selectFrom('access_state').select(({ selectFrom, exists }) => [
    sql<number>`(select count(*) from users where name = ${arg('name')})`.as('users'),
    sql<number>`(select count(*) from organisations where name = ${arg('name')})`.as('organisations'),
    selectFrom('namespaces').select('owner_kind').where('namespaces.name', '=', arg('name')).as('namespace'),
    sql<number>`case when ${exists(
      selectFrom('repositories')
        .select('repositories.name')
        .where('repositories.name', '>', arg('low') as RepositoryName)
        .where('repositories.name', '<', arg('high') as RepositoryName),
    )} then 1 else 0 end`.as('repositories'),
  ]),
)

export const invitationByHash = statement<{ hash: string }>()(({ db, arg }) =>
  db.selectFrom('invitations').selectAll().where('hash', '=', arg('hash')),
)

export const invitationPage = statement<NamePage>()(({ db, arg }) =>
  db.selectFrom('invitations').selectAll().where('id', '>', arg('after')).orderBy('id').limit(arg('limit')),
)

export const organisationByName = statement<{ name: string }>()(({ db, arg }) =>
  db.selectFrom('organisations').selectAll().where('name', '=', arg('name')),
)

export const organisationPage = statement<NamePage>()(({ db, arg }) =>
  db
    .selectFrom('organisations')
    .selectAll()
    .where('name', '>', arg('after'))
    .orderBy('name')
    .limit(arg('limit')),
)

export const organisationsOf = statement<NamePage & { member: string }>()(({ db, arg }) =>
  db
    .selectFrom('organisation_members')
    .innerJoin('organisations', 'organisations.id', 'organisation_members.organisation')
    .selectAll('organisations')
    .where('organisation_members.member', '=', arg('member'))
    .where('organisations.name', '>', arg('after'))
    .orderBy('organisations.name')
    .limit(arg('limit')),
)

export const memberPage = statement<NamePage & { organisation: string }>()(({ db, arg }) =>
  db
    .selectFrom('organisation_members')
    .innerJoin('users', 'users.id', 'organisation_members.member')
    .select(['users.id', 'users.name', 'organisation_members.role'])
    .where('organisation_members.organisation', '=', arg('organisation'))
    .where('users.name', '>', arg('after'))
    .orderBy('users.name')
    .limit(arg('limit')),
)

export const ownerCount = statement<{ organisation: string }>()(({ db, arg }) =>
  db
    .selectFrom('organisation_members')
    .innerJoin('users', 'users.id', 'organisation_members.member')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('organisation', '=', arg('organisation'))
    .where('role', '=', 'owner'),
)

export const teamByName = statement<{ organisation: string; name: string }>()(({ db, arg }) =>
  db
    .selectFrom('teams')
    .selectAll()
    .where('organisation', '=', arg('organisation'))
    .where('name', '=', arg('name')),
)

export const teamPage = statement<NamePage & { organisation: string }>()(({ db, arg }) =>
  db
    .selectFrom('teams')
    .selectAll()
    .where('organisation', '=', arg('organisation'))
    .where('name', '>', arg('after'))
    .orderBy('name')
    .limit(arg('limit')),
)

export const teamMemberPage = statement<NamePage & { team: string }>()(({ db, arg }) =>
  db
    .selectFrom('team_members')
    .innerJoin('users', 'users.id', 'team_members.member')
    .select('users.name')
    .where('team_members.team', '=', arg('team'))
    .where('users.name', '>', arg('after'))
    .orderBy('users.name')
    .limit(arg('limit')),
)

export const robotByName = statement<{ organisation: string; name: string }>()(({ db, arg }) =>
  db
    .selectFrom('robots')
    .selectAll()
    .where('organisation', '=', arg('organisation'))
    .where('name', '=', arg('name')),
)

export const robotPage = statement<NamePage & { organisation: string }>()(({ db, arg }) =>
  db
    .selectFrom('robots')
    .selectAll()
    .where('organisation', '=', arg('organisation'))
    .where('name', '>', arg('after'))
    .orderBy('name')
    .limit(arg('limit')),
)

export const namespaceByName = statement<{ name: string }>()(({ db, arg }) =>
  db
    .selectFrom('namespaces')
    .leftJoin('users', 'users.id', 'namespaces.owner')
    .leftJoin('organisations', 'organisations.id', 'namespaces.owner')
    .selectAll('namespaces')
    .select(sql<string | null>`coalesce(users.name, organisations.name)`.as('owner_name'))
    .where('namespaces.name', '=', arg('name')),
)

/** @param owner an id; empty: all */
export const namespacePage = statement<NamePage & { owner: string }>()(({ db, arg }) =>
  db
    .selectFrom('namespaces')
    .leftJoin('users', 'users.id', 'namespaces.owner')
    .leftJoin('organisations', 'organisations.id', 'namespaces.owner')
    .selectAll('namespaces')
    .select(sql<string | null>`coalesce(users.name, organisations.name)`.as('owner_name'))
    .where((eb) => eb.or([eb('namespaces.owner', '=', arg('owner')), eb(eb.val(arg('owner')), '=', '')]))
    .where('namespaces.name', '>', arg('after'))
    .orderBy('namespaces.name')
    .limit(arg('limit')),
)

export const visibility = statement<{ repository: RepositoryName }>()(({ db, arg }) =>
  db.selectFrom('repositories').select('visibility').where('name', '=', arg('repository')),
)

export const grantsOn = statement<{ kind: ResourceKind; resource: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('grants')
    .leftJoin('users', 'users.id', 'grants.subject')
    .leftJoin('teams', 'teams.id', 'grants.subject')
    .leftJoin('organisations', 'organisations.id', 'teams.organisation')
    .selectAll('grants')
    .select(subjectName.as('subject_name'))
    .where('resource_kind', '=', arg('kind'))
    .where('resource', '=', arg('resource'))
    .where(subjectName, 'is not', null)
    .orderBy(subjectName)
    .limit(arg('limit')),
)

export const grantsTo = statement<{ subject: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('grants')
    .leftJoin('users', 'users.id', 'grants.subject')
    .leftJoin('teams', 'teams.id', 'grants.subject')
    .leftJoin('organisations', 'organisations.id', 'teams.organisation')
    .selectAll('grants')
    .select(subjectName.as('subject_name'))
    .where('subject', '=', arg('subject'))
    .where(subjectName, 'is not', null)
    .orderBy('resource_kind')
    .orderBy('resource')
    .limit(arg('limit')),
)

/** Null: who had it is gone. */
const subjectName = sql<string | null>`coalesce(users.name, organisations.name || '/' || teams.name)`

export const accessTokensOf = statement<{ owner: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('access_tokens')
    .selectAll()
    .where('owner', '=', arg('owner'))
    .where('trust', 'is', null)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(arg('limit')),
)
