import { sql } from 'kysely'
import type { Reader } from './engine.ts'
import type { ChecksSignIn, FoundAccessToken, StoredAccessToken, TokenOwner } from './sign-in-store.ts'
import { statement } from './statement.ts'

/** What sign-in asks: the same queries on every engine. */
export function signInReads(engine: Reader): ChecksSignIn {
  return {
    async findSignIn(name) {
      const row = await engine.first(signIn, { name })
      return (
        row && {
          id: row.id,
          name: row.name,
          passwordHash: row.password_hash ?? undefined,
          admin: row.admin === 1,
          disabled: row.disabled === 1,
          generation: row.generation,
          outside:
            row.issuer === null || row.subject === null
              ? undefined
              : { issuer: row.issuer, subject: row.subject },
        }
      )
    },
    async findOutsideIdentity(account) {
      const row = await engine.first(outsideIdentity, { account })
      return row && { issuer: row.issuer, subject: row.subject, checkedAt: row.checked_at ?? 0 }
    },
    async findAccessToken(hash) {
      const row = await engine.first(accessTokenByHash, { value: hash })
      return row && foundAccessToken(row)
    },
    async findRefreshToken(hash) {
      const row = await engine.first(refreshToken, { hash })
      const owner = row && ownerOf(row)
      if (!owner) return undefined
      return {
        owner,
        accessToken: row.access_token ?? undefined,
        generation: row.generation,
        service: row.service,
        expiresAt: row.expires_at,
      }
    },
    async listSigningKeys() {
      return (await engine.all(signingKeys, {})).map((row) => ({
        kid: row.kid,
        algorithm: row.algorithm,
        publicJwk: row.public_jwk,
        privateJwk: row.private_jwk,
        createdAt: row.created_at,
        retiredAt: row.retired_at ?? undefined,
      }))
    },
  }
}

type AccessTokenColumns = NonNullable<(typeof accessTokenByHash)['row']>

/** Undefined where its owner is gone. */
export function foundAccessToken(row: AccessTokenColumns): FoundAccessToken | undefined {
  const owner = ownerOf(row)
  return owner && { ...storedAccessToken(row), owner }
}

export function storedAccessToken(
  row: Pick<
    AccessTokenColumns,
    'id' | 'name' | 'scopes' | 'addresses' | 'expires_at' | 'created_at' | 'last_used_at'
  >,
): StoredAccessToken {
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes ?? undefined,
    addresses: row.addresses ?? undefined,
    expiresAt: row.expires_at ?? undefined,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
  }
}

function ownerOf(row: {
  owner: string
  owner_kind: TokenOwner['kind']
  owner_name: string | null
  owner_disabled: number | null
  owner_generation: number | null
}): TokenOwner | undefined {
  if (row.owner_name === null) return undefined
  return {
    kind: row.owner_kind,
    id: row.owner,
    name: row.owner_name,
    disabled: row.owner_disabled === 1,
    generation: row.owner_generation ?? 0,
  }
}

const signIn = statement<{ name: string }>()(({ db, arg }) =>
  db
    .selectFrom('users')
    .leftJoin('outside_identities', 'outside_identities.account', 'users.id')
    .select([
      'users.id',
      'users.name',
      'password_hash',
      'admin',
      'disabled',
      'generation',
      'issuer',
      'subject',
    ])
    .where('users.name', '=', arg('name')),
)

const outsideIdentity = statement<{ account: string }>()(({ db, arg }) =>
  db
    .selectFrom('outside_identities')
    .select(['issuer', 'subject', 'checked_at'])
    .where('account', '=', arg('account')),
)

/** Of the row's owner, be it a user or a robot. */
const ownerColumns = [
  sql<string | null>`coalesce(users.name, organisations.name || '+' || robots.name)`.as('owner_name'),
  sql<number | null>`coalesce(users.disabled, robots.disabled)`.as('owner_disabled'),
  sql<number | null>`coalesce(users.generation, robots.generation)`.as('owner_generation'),
] as const

function accessTokenBy(column: 'hash' | 'id') {
  return statement<{ value: string }>()(({ db, arg }) =>
    db
      .selectFrom('access_tokens')
      .leftJoin('users', 'users.id', 'access_tokens.owner')
      .leftJoin('robots', 'robots.id', 'access_tokens.owner')
      .leftJoin('organisations', 'organisations.id', 'robots.organisation')
      .selectAll('access_tokens')
      .select(ownerColumns)
      .where(`access_tokens.${column}`, '=', arg('value')),
  )
}

const accessTokenByHash = accessTokenBy('hash')
export const accessTokenById = accessTokenBy('id')

const refreshToken = statement<{ hash: string }>()(({ db, arg }) =>
  db
    .selectFrom('refresh_tokens')
    .leftJoin('users', 'users.id', 'refresh_tokens.owner')
    .leftJoin('robots', 'robots.id', 'refresh_tokens.owner')
    .leftJoin('organisations', 'organisations.id', 'robots.organisation')
    .selectAll('refresh_tokens')
    .select(ownerColumns)
    .where('refresh_tokens.hash', '=', arg('hash')),
)

const signingKeys = statement<object>()(({ db }) =>
  db.selectFrom('signing_keys').selectAll().orderBy('created_at', 'desc').orderBy('kid'),
)
