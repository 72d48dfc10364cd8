import type { ChangesMetadata, ChecksSignIn } from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Action, Decide } from '../decide.ts'
import type { Identity } from '../identity.ts'
import type { Scope } from '../scope.ts'
import type { BearerTokens, Holder, IssuedToken } from './bearer-tokens.ts'
import { hashOfSecret, kindOfSecret, newSecret } from './secrets.ts'

export interface TokenServiceOptions {
  readonly store: ChecksSignIn & ChangesMetadata
  readonly decide: Decide
  readonly tokens: BearerTokens
  /** What challenges call the registry, and clients call it when they ask. */
  readonly service: string
  /** Whether a user is still known to who keeps his password. @throws UNAUTHORIZED, DIRECTORY_UNAVAILABLE */
  requireStanding?(account: string): void | Promise<void>
  /** Milliseconds since 1970. */
  now(): number
}

export interface TokenRequest {
  readonly identity: Identity
  readonly scopes: readonly Scope[]
  /** Whether a refresh token is asked for. */
  readonly offline: boolean
}

export interface GrantedToken extends IssuedToken {
  readonly scopes: readonly Scope[]
  readonly refreshToken: string | undefined
}

/** Milliseconds that a refresh token is good for: whoever was away for longer signs in again. */
const refreshLifetime = 90 * 86_400_000

/** Gives out tokens: for as much of what is asked as the caller may do now. */
export class TokenService {
  readonly service: string
  readonly #options: TokenServiceOptions

  constructor(options: TokenServiceOptions) {
    this.#options = options
    this.service = options.service
  }

  /** @throws UNAUTHORIZED where the account or the access token holds no more */
  async grant({ identity, scopes, offline }: TokenRequest): Promise<GrantedToken> {
    if (identity.kind !== 'anonymous') await this.#requireStanding(identity)
    const granted = await this.#granted(identity, scopes)
    const holder = holderOf(identity)
    const token = await this.#options.tokens.issue({ holder, access: granted })
    return { ...token, scopes: granted, refreshToken: offline ? await this.#refreshToken(holder) : undefined }
  }

  /** Whom a refresh token speaks for. @throws UNAUTHORIZED */
  async refreshed(secret: string, address: string): Promise<Identity> {
    const found = kindOfSecret(secret) === 'refresh' ? await this.#findRefreshToken(secret) : undefined
    if (!found) throw notRefreshable()
    const { kind, id, name } = found.owner
    if (kind === 'user') await this.#options.requireStanding?.(id)
    // The generation of then: where the account's moved since, nothing is decided in its favour.
    const account = { kind, id, name, generation: found.generation }
    return found.accessToken === undefined
      ? account
      : { ...account, bound: { accessToken: found.accessToken, address } }
  }

  async #findRefreshToken(secret: string) {
    const { store, service, now } = this.#options
    const found = await store.findRefreshToken(hashOfSecret(secret))
    return found && found.service === service && found.expiresAt > now() ? found : undefined
  }

  /** The one place that decides knows whether he still is who he was; and everybody who is may ping. */
  async #requireStanding(identity: Identity): Promise<void> {
    const decision = await this.#options.decide(identity, 'registry:ping', undefined)
    if (!decision.allow) throw new RegistryError('UNAUTHORIZED', decision.reason)
  }

  async #granted(identity: Identity, scopes: readonly Scope[]): Promise<Scope[]> {
    const granted: Scope[] = []
    for (const scope of scopes) {
      const actions: string[] = []
      const holder = holding(identity, scope)
      for (const [action, asked] of wantedActions(scope)) {
        const resource = scope.type === 'repository' ? (scope.name as RepositoryName) : undefined
        if ((await this.#options.decide(holder, asked, resource)).allow) actions.push(action)
      }
      if (actions.length > 0) granted.push({ ...scope, actions })
    }
    return granted
  }

  async #refreshToken(holder: Holder): Promise<string | undefined> {
    if (holder.kind === 'anonymous') return undefined
    const secret = newSecret('refresh')
    const { store, now } = this.#options
    await store.change('expireRefreshTokens', { limit: 100 })
    await store.change('putRefreshToken', {
      hash: hashOfSecret(secret),
      owner_kind: holder.kind,
      owner: holder.id,
      access_token: holder.accessToken ?? null,
      generation: holder.generation,
      service: this.service,
      expires_at: now() + refreshLifetime,
    })
    return secret
  }
}

/** Who comes with the token. Nobody may do more than that with it but who has not signed in: lists ask him for one. */
function holding(identity: Identity, scope: Scope): Identity {
  return identity.kind === 'anonymous' ? { ...identity, bound: { scopes: [scope] } } : identity
}

const repositoryActions: Readonly<Record<string, Action>> = {
  pull: 'repository:pull',
  push: 'repository:push',
  delete: 'repository:delete',
}
const catalogActions: Readonly<Record<string, Action>> = { '*': 'registry:list', search: 'registry:search' }

/** The token's words for what is asked, with the registry's; `*` on a repository is all of them. */
function wantedActions({ type, actions }: Scope): [string, Action][] {
  const known = Object.entries(type === 'repository' ? repositoryActions : catalogActions)
  const all = type === 'repository' && actions.includes('*')
  return known.filter(([action]) => all || actions.includes(action))
}

function holderOf(identity: Identity): Holder {
  if (identity.kind !== 'user' && identity.kind !== 'robot') return { kind: 'anonymous' }
  const { kind, id, name, generation, bound } = identity
  return { kind, id, name, generation, ...(bound?.accessToken && { accessToken: bound.accessToken }) }
}

function notRefreshable(): RegistryError {
  return new RegistryError('UNAUTHORIZED', 'the refresh token is not valid, or not any more: sign in again')
}
