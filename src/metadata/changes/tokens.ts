import type { AccessTokenRow, InvitationRow, RefreshTokenRow, SigningKeyRow } from '../accounts-schema.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'

/** What somebody makes; what is given for a job's token is bound to the trust. */
export type NewAccessToken = Omit<AccessTokenRow, 'created_at' | 'last_used_at' | 'trust'>

export async function createAccessToken(tx: Transaction, token: NewAccessToken): Promise<void> {
  await tx.run(insertAccessToken, { ...token, trust: null })
}

/** With the refresh tokens that came from it. @returns false when there was none */
export async function deleteAccessToken(tx: Transaction, { id }: { id: string }): Promise<boolean> {
  await tx.run(deleteRefreshTokensFrom, { id })
  return (await tx.run(deleteAccessTokenRow, { id })) > 0
}

/** @param args.at milliseconds since 1970: an earlier time than the one on record changes nothing */
export async function noteTokenUses(
  tx: Transaction,
  { uses }: { uses: readonly { id: string; at: number }[] },
): Promise<void> {
  for (const use of uses) await tx.run(updateLastUse, use)
}

export type NewRefreshToken = Omit<RefreshTokenRow, 'created_at'>

/** Refresh tokens that one account has got with its password, or with one access token. */
const mostRefreshTokens = 200

/** Where there are too many, the oldest go: nobody fills the database by signing in. */
export async function putRefreshToken(tx: Transaction, token: NewRefreshToken): Promise<void> {
  await tx.run(insertRefreshToken, token)
  const from = token.access_token ?? ''
  await tx.run(deleteOldRefreshTokens, { owner: token.owner, from, most: mostRefreshTokens })
}

/** @returns false when there was none: whoever takes one in turn for another must be the only one */
export async function deleteRefreshToken(tx: Transaction, { hash }: { hash: string }): Promise<boolean> {
  return (await tx.run(deleteRefreshTokenRow, { hash })) > 0
}

/** @returns how many went */
export async function expireRefreshTokens(tx: Transaction, { limit }: { limit: number }): Promise<number> {
  return tx.run(deleteExpired, { limit })
}

/** The refresh tokens of a user or robot; the bearer tokens end with his generation. */
export async function withdrawTokens(tx: Transaction, { owner }: { owner: string }): Promise<void> {
  await tx.run(deleteRefreshTokensOf, { owner })
}

export type NewInvitation = Omit<InvitationRow, 'created_at'>

export async function createInvitation(tx: Transaction, invitation: NewInvitation): Promise<void> {
  await tx.run(insertInvitation, invitation)
}

/** @returns false when there was none */
export async function deleteInvitation(tx: Transaction, { id }: { id: string }): Promise<boolean> {
  return (await tx.run(deleteInvitationRow, { id })) > 0
}

export type NewSigningKey = Omit<SigningKeyRow, 'created_at' | 'retired_at'>

/** @param args.first only where no other signs yet. @returns whether it is on record */
export async function putSigningKey(
  tx: Transaction,
  { first, ...key }: NewSigningKey & { first: boolean },
): Promise<boolean> {
  if (first && (await tx.first(anyActiveKey, {}))) return false
  await tx.run(insertKey, key)
  return true
}

/** All but one sign nothing any more; what they signed holds until they are deleted. @returns how many */
export async function retireSigningKeys(tx: Transaction, { except }: { except: string }): Promise<number> {
  return tx.run(retireKeys, { except })
}

/** What it signed holds no more. @returns false when there was none */
export async function deleteSigningKey(tx: Transaction, { kid }: { kid: string }): Promise<boolean> {
  return (await tx.run(deleteKey, { kid })) > 0
}

export const insertAccessToken = statement<NewAccessToken & { trust: string | null }>()(({ db, arg, now }) =>
  db.insertInto('access_tokens').values({
    id: arg('id'),
    owner_kind: arg('owner_kind'),
    owner: arg('owner'),
    name: arg('name'),
    hash: arg('hash'),
    scopes: arg('scopes'),
    addresses: arg('addresses'),
    expires_at: arg('expires_at'),
    created_at: now,
    last_used_at: null,
    trust: arg('trust'),
  }),
)

const deleteAccessTokenRow = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('access_tokens').where('id', '=', arg('id')),
)

const updateLastUse = statement<{ id: string; at: number }>()(({ db, arg }) =>
  db
    .updateTable('access_tokens')
    .set({ last_used_at: arg('at') })
    .where('id', '=', arg('id'))
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', arg('at'))])),
)

const insertRefreshToken = statement<NewRefreshToken>()(({ db, arg, now }) =>
  db.insertInto('refresh_tokens').values({
    hash: arg('hash'),
    owner_kind: arg('owner_kind'),
    owner: arg('owner'),
    access_token: arg('access_token'),
    generation: arg('generation'),
    service: arg('service'),
    created_at: now,
    expires_at: arg('expires_at'),
  }),
)

const deleteOldRefreshTokens = statement<{ owner: string; from: string; most: number }>()(({ db, arg }) =>
  db.deleteFrom('refresh_tokens').where('hash', 'in', (eb) =>
    eb
      .selectFrom('refresh_tokens')
      .select('hash')
      .where('owner', '=', arg('owner'))
      .where(({ fn, val }) => fn.coalesce('access_token', val('')), '=', arg('from'))
      .orderBy('created_at', 'desc')
      .orderBy('hash')
      .limit(100)
      .offset(arg('most')),
  ),
)

const deleteRefreshTokenRow = statement<{ hash: string }>()(({ db, arg }) =>
  db.deleteFrom('refresh_tokens').where('hash', '=', arg('hash')),
)

const deleteRefreshTokensOf = statement<{ owner: string }>()(({ db, arg }) =>
  db.deleteFrom('refresh_tokens').where('owner', '=', arg('owner')),
)

const deleteRefreshTokensFrom = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('refresh_tokens').where('access_token', '=', arg('id')),
)

const deleteExpired = statement<{ limit: number }>()(({ db, arg, now }) =>
  db
    .deleteFrom('refresh_tokens')
    .where('hash', 'in', (eb) =>
      eb.selectFrom('refresh_tokens').select('hash').where('expires_at', '<', now).limit(arg('limit')),
    ),
)

const insertInvitation = statement<NewInvitation>()(({ db, arg, now }) =>
  db.insertInto('invitations').values({
    id: arg('id'),
    hash: arg('hash'),
    email: arg('email'),
    organisation: arg('organisation'),
    created_by: arg('created_by'),
    created_at: now,
    expires_at: arg('expires_at'),
  }),
)

const deleteInvitationRow = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('invitations').where('id', '=', arg('id')),
)

const anyActiveKey = statement<object>()(({ db }) =>
  db.selectFrom('signing_keys').select('kid').where('retired_at', 'is', null).limit(1),
)

const insertKey = statement<NewSigningKey>()(({ db, arg, now }) =>
  db.insertInto('signing_keys').values({
    kid: arg('kid'),
    algorithm: arg('algorithm'),
    public_jwk: arg('public_jwk'),
    private_jwk: arg('private_jwk'),
    created_at: now,
    retired_at: null,
  }),
)

const retireKeys = statement<{ except: string }>()(({ db, arg, now }) =>
  db
    .updateTable('signing_keys')
    .set({ retired_at: now })
    .where('kid', '!=', arg('except'))
    .where('retired_at', 'is', null),
)

const deleteKey = statement<{ kid: string }>()(({ db, arg }) =>
  db.deleteFrom('signing_keys').where('kid', '=', arg('kid')),
)
