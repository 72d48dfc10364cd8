import type { FoundAccessToken, StoredAccessToken } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import { type Accounts, type By, instant, require, requireUser, unknownAccount } from './accounts.ts'
import { parseMinorName } from './names.ts'
import { administered } from './organisations.ts'
import { isScope, readScopes, type Scope } from './scope.ts'
import { isAddressRange } from './sign-in/addresses.ts'

/** Whose token it is. */
export type TokenHolder =
  | { readonly user: string }
  | { readonly organisation: string; readonly robot: string }

export interface NewToken {
  readonly of: TokenHolder
  readonly name: string
  /** The SHA-256 of its secret, in hex: the secret itself is shown once and kept nowhere. */
  readonly hash: string
  /** Undefined: all that its owner may. */
  readonly scopes?: readonly Scope[] | undefined
  /** Addresses or ranges that it is good from; undefined: everywhere. */
  readonly addresses?: readonly string[] | undefined
  /** Milliseconds since 1970; undefined: it lasts until it is revoked. */
  readonly expiresAt?: number | undefined
}

/** Times are ISO 8601. */
export interface TokenSummary {
  readonly id: string
  readonly name: string
  /** Null: all that its owner may. */
  readonly scopes: readonly Scope[] | null
  /** Null: everywhere. */
  readonly addresses: readonly string[] | null
  readonly expiresAt: string | null
  readonly createdAt: string
  /** Null: never, as far as it is written down. */
  readonly lastUsedAt: string | null
}

/** Tokens that one list shows. */
const mostTokens = 1000

/** @throws NAME_INVALID, PARAMETER_INVALID, ACCOUNT_UNKNOWN */
export async function createToken(
  accounts: Accounts,
  { by, of, name, hash, scopes, addresses, expiresAt }: By & NewToken,
): Promise<TokenSummary> {
  const owner = await holderOf(accounts, { by, of })
  requireSound({ scopes, addresses, expiresAt }, accounts.now())
  const id = accounts.newId()
  await accounts.metadata.change('createAccessToken', {
    id,
    owner_kind: owner.kind,
    owner: owner.id,
    name: parseMinorName(name),
    hash,
    scopes: scopes ? JSON.stringify(scopes) : null,
    addresses: addresses && addresses.length > 0 ? JSON.stringify(addresses) : null,
    expires_at: expiresAt ?? null,
  })
  const token = await accounts.metadata.findAccessTokenById(id)
  return token ? summaryOf(token) : unknownToken()
}

/** The newest first. @throws ACCOUNT_UNKNOWN */
export async function listTokens(
  accounts: Accounts,
  { by, of }: By & { of: TokenHolder },
): Promise<{ tokens: readonly TokenSummary[] }> {
  const { id } = await holderOf(accounts, { by, of })
  const tokens = await accounts.metadata.listAccessTokens({ owner: id, limit: mostTokens })
  return { tokens: tokens.map(summaryOf) }
}

/** It holds no more, and neither does what came from it. Another's is as unknown as one that never was. @throws TOKEN_UNKNOWN */
export async function revokeToken(accounts: Accounts, { by, id }: By & { id: string }): Promise<void> {
  const token = await accounts.metadata.findAccessTokenById(id)
  if (!token || !(await isManagedBy(accounts, by, token))) return unknownToken()
  if (!(await accounts.metadata.change('deleteAccessToken', { id }))) unknownToken()
}

async function isManagedBy(accounts: Accounts, by: By['by'], { owner }: FoundAccessToken): Promise<boolean> {
  const [organisation = ''] = owner.name.split('+')
  const decision = await accounts.decide(
    by,
    owner.kind === 'user' ? 'account:self' : 'organisation:administer',
    owner.kind === 'user' ? { kind: 'user', name: owner.name } : { kind: 'organisation', name: organisation },
  )
  return decision.allow
}

/** A user's tokens are his and the administrators' to manage, a robot's those of its organisation's owners. */
async function holderOf(
  accounts: Accounts,
  { by, of }: By & { of: TokenHolder },
): Promise<{ kind: 'user' | 'robot'; id: string }> {
  if ('user' in of) {
    await require(accounts, by, { action: 'account:self', resource: { kind: 'user', name: of.user } })
    return { kind: 'user', id: (await requireUser(accounts, of.user)).id }
  }
  const { id } = await administered(accounts, { by, organisation: of.organisation })
  const robot = await accounts.metadata.findRobot({ organisation: id, name: of.robot })
  return { kind: 'robot', id: (robot ?? unknownAccount('robot', `${of.organisation}+${of.robot}`)).id }
}

function requireSound(
  { scopes, addresses, expiresAt }: Pick<NewToken, 'scopes' | 'addresses' | 'expiresAt'>,
  now: number,
): void {
  if (scopes?.length === 0 || !(scopes ?? []).every(isSound))
    throw invalid('a scope names repositories and what may be done: alice/app:pull,push')
  if (!(addresses ?? []).every(isAddressRange))
    throw invalid('addresses are such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32')
  if (expiresAt !== undefined && !(expiresAt > now)) throw invalid('a token expires later than now')
}

function isSound(scope: Scope): boolean {
  if (!isScope(scope) || scope.type !== 'repository' || scope.actions.length === 0) return false
  const known = ['pull', 'push', 'delete', '*']
  return /^[a-z0-9._/*-]{1,255}$/.test(scope.name) && scope.actions.every((action) => known.includes(action))
}

function invalid(message: string): RegistryError {
  return new RegistryError('PARAMETER_INVALID', message)
}

function unknownToken(): never {
  throw new RegistryError('TOKEN_UNKNOWN', 'there is no such token')
}

function summaryOf({ id, name, scopes, addresses, ...times }: StoredAccessToken): TokenSummary {
  return {
    id,
    name,
    scopes: scopes === undefined ? null : readScopes(scopes),
    addresses: addresses === undefined ? null : (JSON.parse(addresses) as string[]),
    expiresAt: instant(times.expiresAt),
    createdAt: instant(times.createdAt),
    lastUsedAt: instant(times.lastUsedAt),
  }
}
