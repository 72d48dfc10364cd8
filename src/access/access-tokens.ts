import type { StoredAccessToken } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import type { AccountName, RobotName } from './account-name.ts'
import { type Administration, isoTime, requireAccounts } from './administration.ts'
import { requireRobot } from './robots.ts'
import type { Scope } from './scope.ts'
import { isAddressRange } from './sign-in/addresses.ts'
import { hashOfSecret, newSecret } from './sign-in/secrets.ts'
import { tokenScopeText } from './token-scopes.ts'
import { requireUser } from './users.ts'

/** Whose tokens they are. */
export type TokenOwner =
  | { readonly kind: 'user'; readonly name: AccountName }
  | ({ readonly kind: 'robot' } & RobotName)

export interface NewAccessToken {
  readonly owner: TokenOwner
  /** What its owner knows it by. */
  readonly name: string
  /** Undefined: all that its owner may. */
  readonly scopes: readonly Scope[] | undefined
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined
  /** Addresses and ranges that it may be used from; none: from everywhere. */
  readonly addresses: readonly string[]
}

export interface AccessTokenSummary {
  readonly id: string
  readonly name: string
  /** As people write them: `alice/app:pull,push`. Null: all that its owner may. */
  readonly scopes: readonly string[] | null
  /** Null: from everywhere. */
  readonly addresses: readonly string[] | null
  readonly createdAt: string
  /** Null: never. */
  readonly expiresAt: string | null
  readonly expired: boolean
  readonly lastUsedAt: string | null
}

export interface CreatedAccessToken extends AccessTokenSummary {
  /** What to sign in as. */
  readonly owner: string
  /** Shown this once: what is kept is its hash. */
  readonly token: string
}

const mostAddresses = 20
/** Of one owner: more than anybody can look after. */
const mostTokens = 1000

/** @throws ACCOUNT_UNKNOWN, PARAMETER_INVALID */
export async function createAccessToken(
  administration: Administration,
  { owner, name, scopes, expiresAt, addresses }: NewAccessToken,
): Promise<CreatedAccessToken> {
  await requireAccounts(administration)
  requireAddresses(addresses)
  const { metadata, newId, now } = administration
  const account = await accountOf(administration, owner)
  if ((await metadata.listAccessTokens({ owner: account.id, limit: mostTokens })).length >= mostTokens)
    throw new RegistryError(
      'PARAMETER_INVALID',
      `${account.name} has ${mostTokens} tokens: revoke some first`,
    )
  const token = newSecret(owner.kind === 'user' ? 'pat' : 'robot')
  const row = {
    id: newId(),
    name,
    scopes: scopes === undefined ? null : JSON.stringify(scopes),
    addresses: addresses.length === 0 ? null : JSON.stringify(addresses),
    expires_at: expiresAt ?? null,
  }
  await metadata.change('createAccessToken', {
    ...row,
    owner_kind: owner.kind,
    owner: account.id,
    hash: hashOfSecret(token),
  })
  const stored: StoredAccessToken = {
    id: row.id,
    name,
    scopes: row.scopes ?? undefined,
    addresses: row.addresses ?? undefined,
    expiresAt,
    createdAt: now(),
    lastUsedAt: undefined,
  }
  return { ...summaryOf(stored, now()), owner: account.name, token }
}

/** The newest first. @throws ACCOUNT_UNKNOWN */
export async function listAccessTokens(
  administration: Administration,
  { owner }: { owner: TokenOwner },
): Promise<{ owner: string; tokens: AccessTokenSummary[] }> {
  const account = await accountOf(administration, owner)
  const found = await administration.metadata.listAccessTokens({ owner: account.id, limit: mostTokens })
  return { owner: account.name, tokens: found.map((token) => summaryOf(token, administration.now())) }
}

/** Whatever was signed in with it holds no more. @throws TOKEN_UNKNOWN */
export async function revokeAccessToken(
  { metadata, requireWritable }: Administration,
  { id }: { id: string },
): Promise<{ revoked: string; owner: string }> {
  await requireWritable()
  const found = await metadata.findAccessTokenById(id)
  if (!found || !(await metadata.change('deleteAccessToken', { id }))) throw unknownToken(id)
  return { revoked: id, owner: found.owner.name }
}

export function unknownToken(id: string): RegistryError {
  return new RegistryError('TOKEN_UNKNOWN', `there is no token ${id}`, { detail: { id } })
}

async function accountOf(
  administration: Administration,
  owner: TokenOwner,
): Promise<{ id: string; name: string }> {
  if (owner.kind === 'user') return requireUser(administration, owner.name)
  const { id } = await requireRobot(administration, owner)
  return { id, name: `${owner.organisation}+${owner.name}` }
}

function requireAddresses(addresses: readonly string[]): void {
  if (addresses.length > mostAddresses)
    throw new RegistryError('PARAMETER_INVALID', `a token has at most ${mostAddresses} address ranges`)
  const wrong = addresses.find((range) => !isAddressRange(range))
  if (wrong !== undefined) {
    throw new RegistryError(
      'PARAMETER_INVALID',
      `${JSON.stringify(wrong.slice(0, 100))} is no address, nor a range of them such as 10.0.0.0/8`,
    )
  }
}

function summaryOf(token: StoredAccessToken, now: number): AccessTokenSummary {
  const { id, name, scopes, addresses, expiresAt, createdAt, lastUsedAt } = token
  return {
    id,
    name,
    scopes: scopes === undefined ? null : (JSON.parse(scopes) as Scope[]).map(tokenScopeText),
    addresses: addresses === undefined ? null : (JSON.parse(addresses) as string[]),
    createdAt: isoTime(createdAt),
    expiresAt: expiresAt === undefined ? null : isoTime(expiresAt),
    expired: expiresAt !== undefined && expiresAt <= now,
    lastUsedAt: lastUsedAt === undefined ? null : isoTime(lastUsedAt),
  }
}
