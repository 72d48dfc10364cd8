import type {
  ChangesMetadata,
  ChecksSignIn,
  StoredSignIn,
  TokenOwner,
} from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { Identity, Operator, Robot, User } from '../identity.ts'
import type { WorkloadSignIn } from '../workload/workload-sign-in.ts'
import { isWorkloadToken } from '../workload/workload-token.ts'
import type { BearerClaims, BearerTokens } from './bearer-tokens.ts'
import { FreshSignIns } from './fresh-sign-ins.ts'
import type { PasswordHasher } from './password-hashes.ts'
import { longestPassword } from './password-rule.ts'
import { RememberedPasswords } from './remembered-passwords.ts'
import { hashOfSecret, kindOfSecret } from './secrets.ts'
import type { SignInLimits } from './sign-in-limits.ts'

export interface SignInOptions {
  readonly store: ChecksSignIn & ChangesMetadata
  readonly hasher: PasswordHasher
  readonly limits: SignInLimits
  readonly tokens: BearerTokens
  /** For robots, whose password may be the token that a job was given. Undefined: none is taken. */
  readonly workload?: Pick<WorkloadSignIn, 'withPassword'>
  /** Told of each use of an access token, by its id. */
  used(accessToken: string): void
  /** Who knows people that have no password here; undefined: nobody. */
  readonly elsewhere?: SignsInElsewhere | undefined
}

/** People whose passwords somebody else keeps, such as a directory. */
export interface SignsInElsewhere {
  /** Who came with the same a while ago, from memory; undefined: that is to be found out. */
  recall(credentials: Credentials, account: StoredSignIn | undefined): Promise<User | undefined>
  /**
   * Who it is; undefined: the name or the password is wrong.
   * @param account whose name it is here; undefined: nobody's
   * @throws DIRECTORY_UNAVAILABLE, TOO_MANY_REQUESTS
   */
  withPassword(credentials: Credentials, account: StoredSignIn | undefined): Promise<User | undefined>
  /**
   * Whether the user, who comes with something that he was given before, is still known there.
   * @param account his id
   * @throws UNAUTHORIZED, DIRECTORY_UNAVAILABLE
   */
  requireStanding(account: string): void | Promise<void>
}

export interface Credentials {
  readonly name: string
  /** Or the secret of an access token. */
  readonly password: string
  /** Where the caller is. */
  readonly address: string
}

/**
 * Finds out who calls. What he may do then is for `decide` alone, which also looks whether he, or the access token that
 * he came with, still is what it was.
 */
export class SignIn {
  readonly #options: SignInOptions
  /** Who has just signed in. */
  readonly fresh = new FreshSignIns()
  readonly #remembered = new RememberedPasswords()
  /** Verifications under way: ten requests at once with one right password are one attempt. */
  readonly #underWay = new Map<string, Promise<User>>()

  constructor(options: SignInOptions) {
    this.#options = options
  }

  /** @throws UNAUTHORIZED, which is the same for an unknown name as for a wrong password; TOO_MANY_REQUESTS */
  async withPassword(credentials: Credentials): Promise<User | Robot> {
    const { name, password, address } = credentials
    if (kindOfSecret(password)) {
      const account = await this.withSecret(password, address)
      if (account.name !== name) throw wrongCredentials()
      return account
    }
    const { workload } = this.#options
    if (workload && name.includes('+') && isWorkloadToken(password)) {
      const robot = await workload.withPassword({ name, token: password, address })
      return this.fresh.noteUse(robot, { accessToken: robot.bound?.accessToken ?? '', address })
    }
    const key = this.#remembered.markOf(name, address, password)
    const running = this.#underWay.get(key)
    if (running) return running
    const attempt = this.#tryPassword(credentials).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, attempt)
    return attempt
  }

  /** @param secret of an access token: 256 random bits, which nobody guesses @throws UNAUTHORIZED */
  async withSecret(secret: string, address: string): Promise<User | Robot> {
    const kind = kindOfSecret(secret)
    if (kind !== 'pat' && kind !== 'robot') throw wrongCredentials()
    const { store, elsewhere } = this.#options
    let found = await store.findAccessToken(hashOfSecret(secret))
    const standing = found?.owner.kind === 'user' ? elsewhere?.requireStanding(found.owner.id) : undefined
    if (standing) {
      await standing
      // What was found out may have changed what he may do, and with it what holds of him.
      found = await store.findAccessToken(hashOfSecret(secret))
    }
    if (!found) throw wrongCredentials()
    this.#options.used(found.id)
    const account = accountOf(found.owner, { accessToken: found.id, address })
    return this.fresh.noteUse(account, { accessToken: found.id, address })
  }

  /** Whoever came with the token before: a look into a table. Undefined: that is to be found out. */
  recall(token: string, address: () => string): Identity | undefined {
    const claims = this.#options.tokens.recall(token)
    return claims && identityOf(claims, address)
  }

  /** @throws UNAUTHORIZED */
  async withBearer(token: string, address: () => string): Promise<Identity> {
    if (kindOfSecret(token)) return this.withSecret(token, address())
    const claims = await this.#options.tokens.verify(token)
    if (!claims) throw invalidToken()
    return identityOf(claims, address)
  }

  async #tryPassword(credentials: Credentials): Promise<User> {
    const { limits } = this.#options
    const user =
      (await this.#recall(credentials)) ??
      (await limits.attempt(credentials, () => this.#verify(credentials)))
    if (!user) throw wrongCredentials()
    return user
  }

  /** Who signed in from there a moment ago, and does again: without a count, or a hash. */
  async #recall(credentials: Credentials): Promise<User | undefined> {
    const { limits, elsewhere } = this.#options
    const trusted = limits.trust(credentials)
    if (!trusted) return undefined
    const account = await this.#accountOf(credentials)
    const user = this.#isElsewhere(account)
      ? await elsewhere?.recall(credentials, account)
      : this.#isRemembered(account, credentials.password) && account && !account.disabled
        ? userOf(account)
        : undefined
    if (user) trusted.succeeded()
    return user
  }

  /** @returns undefined where the name, the password or the account is no good: after the same time */
  async #verify(credentials: Credentials): Promise<User | undefined> {
    const { elsewhere } = this.#options
    const account = await this.#accountOf(credentials)
    return elsewhere && this.#isElsewhere(account)
      ? this.#verifyElsewhere(elsewhere, credentials, account)
      : this.#verifyHere(account, credentials)
  }

  async #accountOf({ name }: Credentials): Promise<StoredSignIn | undefined> {
    return isPossibleName(name) ? this.#options.store.findSignIn(name) : undefined
  }

  #isElsewhere(account: StoredSignIn | undefined): boolean {
    return this.#options.elsewhere !== undefined && (!account || account.outside !== undefined)
  }

  async #verifyElsewhere(
    elsewhere: SignsInElsewhere,
    credentials: Credentials,
    account: StoredSignIn | undefined,
  ): Promise<User | undefined> {
    const known = await elsewhere.recall(credentials, account)
    if (known) return known
    const user = await elsewhere.withPassword(credentials, account)
    if (user) return this.fresh.note(user)
    // As for a local account, so that the time does not tell which those are.
    if (Buffer.byteLength(credentials.password) <= longestPassword)
      await this.#options.hasher.verify(credentials.password, undefined).catch(() => undefined)
    return undefined
  }

  async #verifyHere(user: StoredSignIn | undefined, { password }: Credentials): Promise<User | undefined> {
    const { hasher } = this.#options
    let verified: { matches: boolean; outdated: boolean }
    const known = this.#isRemembered(user, password)
    if (known) verified = { matches: true, outdated: false }
    else if (Buffer.byteLength(password) > longestPassword) verified = { matches: false, outdated: false }
    // For whom nobody knows, a hash is verified too: else the time would tell which names there are.
    else verified = await hasher.verify(password, user?.passwordHash)
    if (!verified.matches || !user?.passwordHash || user.disabled) return undefined
    const { id, generation, passwordHash } = user
    if (verified.outdated) await this.#hashAnew({ id, passwordHash }, password)
    else this.#remembered.remember({ id, generation, passwordHash }, password)
    return known ? userOf(user) : this.fresh.note(userOf(user))
  }

  #isRemembered(
    user: { id: string; generation: number; passwordHash: string | undefined } | undefined,
    password: string,
  ): boolean {
    const { passwordHash } = user ?? {}
    return (
      user !== undefined &&
      passwordHash !== undefined &&
      this.#remembered.has({ ...user, passwordHash }, password)
    )
  }

  /** An entry of an htpasswd file is replaced while the password is at hand, unless it was changed meanwhile. */
  async #hashAnew(user: { id: string; passwordHash: string }, password: string): Promise<void> {
    const { store, hasher } = this.#options
    const hash = await hasher.hash(password)
    await store.change('rehashPassword', { id: user.id, from: user.passwordHash, to: hash })
  }
}

function userOf({ id, name, generation }: StoredSignIn): User {
  return { kind: 'user', id, name, generation }
}

function accountOf(
  { kind, id, name, generation }: TokenOwner,
  bound: { accessToken?: string; address?: string },
): User | Robot {
  return { kind, id, name, generation, bound }
}

/** Kept with the claims, so that a pull with a token makes nothing anew. */
const identities = new WeakMap<BearerClaims, Bearer>()

type Bearer = Exclude<Identity, Operator>

function identityOf(claims: BearerClaims, address: () => string): Identity {
  const known = identities.get(claims)
  if (known && (!mayDependOnAddress(known) || known.bound?.address === address())) return known
  const identity = newIdentity(claims, address)
  identities.set(claims, identity)
  return identity
}

function newIdentity({ holder, access }: BearerClaims, address: () => string): Bearer {
  if (holder.kind === 'anonymous') return { kind: 'anonymous', name: 'anonymous', bound: { scopes: access } }
  const { accessToken, ...account } = holder
  if (accessToken === undefined) return { ...account, bound: { scopes: access } }
  return { ...account, bound: { scopes: access, accessToken, address: address() } }
}

/** An access token may be good from some addresses alone. */
function mayDependOnAddress({ bound }: Bearer): boolean {
  return bound?.accessToken !== undefined
}

/** What never was a name is not looked for: a database refuses some texts. */
function isPossibleName(name: string): boolean {
  return name.length <= 255 && /^[\x21-\x7e]+$/.test(name)
}

export function wrongCredentials(): RegistryError {
  return new RegistryError('UNAUTHORIZED', 'the name or the password is wrong')
}

function invalidToken(): RegistryError {
  return new RegistryError('UNAUTHORIZED', 'the token is not valid, or not any more', {
    detail: { token: 'invalid' },
  })
}
