import type {
  ChangesMetadata,
  ChecksSignIn,
  ChecksWorkloads,
  FoundAccessToken,
  StoredTrust,
  TokenOwner,
} from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import { attributionOf } from '../attribution.ts'
import type { Robot } from '../identity.ts'
import { addressRanges, isAddressRange, plainAddress } from '../sign-in/addresses.ts'
import { hashOfSecret, newSecret } from '../sign-in/secrets.ts'
import { claimValues } from './claims.ts'
import { FailedTokens } from './failed-tokens.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import { matchTrust, shownValues } from './match-trust.ts'
import { isSignedByIssuer } from './verify-signature.ts'
import { clockTolerance, markOf, readWorkloadToken, type WorkloadToken } from './workload-token.ts'

export interface WorkloadSignInOptions {
  readonly store: ChecksSignIn & ChecksWorkloads & ChangesMetadata
  readonly keys: IssuerKeys
  /** Milliseconds that what is given for a token is good for, at the most. */
  readonly lifetime: number
  /** Milliseconds since 1970. */
  now(): number
  newId(): string
  /** Told of each use of an access token, by its id. */
  used(accessToken: string): void
}

/** A job that says who it is by a token of its issuer. */
export interface WorkloadCredentials {
  /** The robot's: `acme+deploy`. */
  readonly name: string
  readonly token: string
  /** Where the caller is. */
  readonly address: string
}

export interface ExchangedToken {
  /** An access token of the robot, for a password's place. */
  readonly token: string
  readonly robot: Robot
  /** Milliseconds since 1970. */
  readonly issuedAt: number
  /** Seconds. */
  readonly expiresIn: number
}

type Trusted = StoredTrust & { readonly owner: TokenOwner }

/**
 * Signs jobs in by the tokens that an OpenID provider gives them, as robots that trust it. A token is taken once: it is
 * exchanged for an access token, or is itself one from then on, for as long as it is good and from where it first came.
 */
export class WorkloadSignIn {
  readonly #options: WorkloadSignInOptions
  readonly #failed: FailedTokens
  #expiredAt = Number.NEGATIVE_INFINITY

  constructor(options: WorkloadSignInOptions) {
    this.#options = options
    this.#failed = new FailedTokens(options.now)
  }

  /** @throws UNAUTHORIZED, TOO_MANY_REQUESTS, ISSUER_UNAVAILABLE */
  async exchange(credentials: WorkloadCredentials): Promise<ExchangedToken> {
    const { now, newId, lifetime } = this.#options
    const token = newSecret('robot')
    const issuedAt = now()
    const given = {
      id: newId(),
      hash: hashOfSecret(token),
      expires_at: issuedAt + lifetime,
      addresses: null,
    }
    const robot = await this.#counted(credentials, async () => {
      const { read, trust } = await this.#verified(credentials)
      if ((await this.#redeem({ read, trust, given, credentials })) === 'spent') throw spent(trust.owner.name)
      return robotOf(trust.owner, { accessToken: given.id, address: credentials.address })
    })
    return { token, robot, issuedAt, expiresIn: Math.floor(lifetime / 1000) }
  }

  /**
   * The token as a password: clients keep one and send it again with each pull, so that it stays good, from the address
   * that it first came from.
   * @throws UNAUTHORIZED, TOO_MANY_REQUESTS, ISSUER_UNAVAILABLE
   */
  async withPassword(credentials: WorkloadCredentials): Promise<Robot> {
    return this.#counted(credentials, async () => {
      const known = await this.#known(credentials)
      if (known) return known
      const { read, trust } = await this.#verified(credentials)
      const given = {
        id: this.#options.newId(),
        hash: hashOfSecret(credentials.token),
        expires_at: Math.min(read.expiresAt, this.#options.now() + this.#options.lifetime),
        addresses: JSON.stringify([requireAddress(credentials.address)]),
      }
      await this.#redeem({ read, trust, given, credentials })
      // Another request with it may have been first.
      const kept = await this.#known(credentials)
      if (!kept) throw spent(trust.owner.name)
      return kept
    })
  }

  /** Who came with it before. */
  async #known({ name, token, address }: WorkloadCredentials): Promise<Robot | undefined> {
    const found = await this.#options.store.findAccessToken(hashOfSecret(token))
    if (!found) return undefined
    if (found.owner.name !== name) throw notTaken(name)
    this.#requireUsable(found, address)
    this.#options.used(found.id)
    return robotOf(found.owner, { accessToken: found.id, address })
  }

  #requireUsable({ addresses, expiresAt = 0 }: FoundAccessToken, address: string): void {
    if (expiresAt <= this.#options.now())
      throw unauthorized('the workload token has expired, or was used as a password for as long as it may be')
    if (addresses !== undefined && !addressRanges(JSON.parse(addresses) as string[]).has(address))
      throw unauthorized(
        'this workload token was used from another address: as a password it is good from one alone; exchange it at the token endpoint for what can be used from several',
      )
  }

  /** What is wrong with the token counts against where it came from; what is wrong with the issuer or with us does not. */
  async #counted<T>({ address }: WorkloadCredentials, attempt: () => Promise<T>): Promise<T> {
    this.#failed.requireFew(address)
    try {
      return await attempt()
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'UNAUTHORIZED') this.#failed.count(address)
      throw error
    }
  }

  async #verified({ name, token }: WorkloadCredentials): Promise<{ read: WorkloadToken; trust: Trusted }> {
    const { store, keys, now } = this.#options
    const read = readWorkloadToken(token, now())
    const { claims } = read
    const [organisation = '', robot = '', ...rest] = name.split('+')
    const isName = rest.length === 0 && isPossible(organisation) && isPossible(robot)
    const found =
      isName && isPossible(claims.iss)
        ? await store.findTrusts({ organisation, robot, issuer: claims.iss })
        : []
    // Whoever's issuer it is: else the time would tell whom a robot trusts, and which robots there are.
    const isKnown = isPossible(claims.iss) && (await store.knowsIssuer(claims.iss))
    if (!isKnown || !(await isSignedByIssuer(read, keys, now()))) throw notTaken(name, read)
    const match = matchTrust(
      found.filter(({ owner }) => !owner.disabled),
      claims,
    )
    if (match.trust === undefined) throw notTaken(name, read, match.nearly)
    return { read, trust: match.trust }
  }

  async #redeem({ read, trust, given, credentials }: Redeeming): Promise<'given' | 'spent'> {
    const { store } = this.#options
    await this.#expire()
    const { id: owner, generation, name } = trust.owner
    const by = attributionOf({ kind: 'robot', id: owner, name, generation })
    const outcome = await store.change(
      'redeemWorkloadToken',
      {
        spent: { hash: markOf(read), expires_at: read.expiresAt + 2 * clockTolerance * 1000 },
        given: {
          ...given,
          owner_kind: 'robot',
          owner,
          name: labelOf(read),
          scopes: trust.scopes ?? null,
          trust: trust.id,
        },
      },
      { ...by, address: credentials.address },
    )
    if (outcome === 'withdrawn') throw notTaken(name, read)
    return outcome
  }

  /** Now and then, by whoever signs in: there is nothing to clear away where nobody does. */
  async #expire(): Promise<void> {
    const now = this.#options.now()
    if (now - this.#expiredAt < 60_000) return
    this.#expiredAt = now
    await this.#options.store.change('expireWorkloadTokens', { limit: 500 })
  }
}

interface Redeeming {
  readonly read: WorkloadToken
  readonly trust: Trusted
  readonly given: { id: string; hash: string; expires_at: number; addresses: string | null }
  readonly credentials: WorkloadCredentials
}

function robotOf(
  { id, name, generation }: TokenOwner,
  bound: { accessToken: string; address: string },
): Robot {
  return { kind: 'robot', id, name, generation, bound }
}

/** What a password is bound to. @throws UNAUTHORIZED */
function requireAddress(address: string): string {
  const plain = plainAddress(address)
  if (isAddressRange(plain)) return plain
  throw unauthorized(
    'it is not known from where this workload token comes: exchange it at the token endpoint',
  )
}

/** What never was a name or an issuer is not looked for: a database refuses some texts. */
function isPossible(text: string): boolean {
  return text.length <= 255 && /^[\x21-\x7e]+$/.test(text)
}

/** What the job is known by in lists and in the record of what was done. */
function labelOf({ claims }: WorkloadToken): string {
  const [subject = ''] = claimValues(claims, 'sub')
  return `workload ${subject.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200)}`.trimEnd()
}

/**
 * Says what the token itself says, and is the same for every robot, known or not. More hears only whose token is signed,
 * and from where a trust wants it.
 */
function notTaken(name: string, read?: WorkloadToken, nearly?: string): RegistryError {
  const robot = JSON.stringify(name.slice(0, 130))
  if (!read) return unauthorized(`the workload token is not taken for ${robot}`)
  if (nearly !== undefined) return unauthorized(`the workload token is not taken for ${robot}: ${nearly}`)
  const says = ['iss', 'aud', 'sub'].map(
    (claim) => `${claim} is ${shownValues(claimValues(read.claims, claim))}`,
  )
  return unauthorized(
    `no trust takes this workload token for ${robot}, or its signature is not good: ${says.join('; ')}. \`berth robot trust list\` shows the organisation’s owners what is wanted`,
  )
}

function spent(name: string): RegistryError {
  return unauthorized(
    `this workload token was used for ${name} before: each is taken once. Ask for a new one, or go on with what it was exchanged for`,
  )
}

function unauthorized(message: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', message)
}
