import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { RegistryError } from '../../oci/errors.ts'
import type { Scope } from '../scope.ts'
import { algorithm, type SigningKeys } from './signing-keys.ts'

/** Who a token was given to, and what it is good for at the most. */
export interface BearerClaims {
  readonly holder: Holder
  readonly access: readonly Scope[]
}

export type Holder =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user' | 'robot'
      readonly id: string
      readonly name: string
      /** Of the account when the token was given: what ended since ends the token with it. */
      readonly generation: number
      /** The access token that it was got with: it is no good for longer than that. */
      readonly accessToken?: string
    }

export interface IssuedToken {
  readonly token: string
  /** Seconds. */
  readonly expiresIn: number
  /** Milliseconds since 1970. */
  readonly issuedAt: number
}

/** Bytes: headers are bounded, and no token that Berth makes is longer. */
export const longestToken = 8 * 1024
/** Seconds that the clocks of two replicas may differ by. */
const clockTolerance = 5
/** Tokens of which it is remembered that they are good: a pull of an image sends the same one for each layer. */
const mostRemembered = 5000

export interface BearerTokensOptions {
  readonly keys: SigningKeys
  /** Which registry gives the tokens, and which takes them. */
  readonly issuer: string
  readonly audience: string
  /** Seconds that a token is good for. */
  readonly lifetime: number
  /** Milliseconds since 1970. */
  now(): number
}

interface Remembered {
  readonly claims: BearerClaims
  readonly kid: string
  /** Milliseconds since 1970. */
  readonly until: number
}

/** Tokens of the distribution's protocol: JWTs, signed here and verified here. */
export class BearerTokens {
  readonly #options: BearerTokensOptions
  readonly #remembered = new Map<string, Remembered>()

  constructor(options: BearerTokensOptions) {
    this.#options = options
  }

  /** @throws PARAMETER_INVALID where it would be longer than any that is taken */
  async issue({ holder, access }: BearerClaims): Promise<IssuedToken> {
    const { keys, issuer, audience, lifetime, now } = this.#options
    const { kid, key } = await keys.signer()
    const issuedAt = Math.floor(now() / 1000)
    const payload = { access, berth: holder }
    const token = await new SignJWT(payload as unknown as JWTPayload)
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(holder.kind === 'anonymous' ? '' : holder.name)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + lifetime)
      .setJti(Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString('base64url'))
      .sign(key)
    if (token.length > longestToken)
      throw new RegistryError(
        'PARAMETER_INVALID',
        'a token for all of these scopes is too large: ask for fewer',
      )
    return { token, expiresIn: lifetime, issuedAt: issuedAt * 1000 }
  }

  /** What a token is good for, if it was verified before and its time is not over. A look into a table. */
  recall(token: string): BearerClaims | undefined {
    const found = this.#remembered.get(token)
    if (!found) return undefined
    if (found.until > this.#options.now() && this.#options.keys.knows(found.kid)) return found.claims
    this.#remembered.delete(token)
    return undefined
  }

  /**
   * What the token is good for; undefined: nothing. Algorithm and key are the registry's own, whatever the token says of
   * either, and keys in it or behind addresses in it are not looked at.
   */
  async verify(token: string): Promise<BearerClaims | undefined> {
    if (token.length > longestToken) return undefined
    const { keys, issuer, audience, now } = this.#options
    try {
      const { kid, alg } = decodeProtectedHeader(token)
      if (alg !== algorithm || typeof kid !== 'string') return undefined
      const key = await keys.verifier(kid)
      if (!key) return undefined
      const { payload } = await jwtVerify(token, key, {
        algorithms: [algorithm],
        issuer,
        audience,
        clockTolerance,
        currentDate: new Date(now()),
        requiredClaims: ['exp', 'nbf', 'iat', 'jti', 'sub'],
      })
      const claims = { holder: payload.berth, access: payload.access } as BearerClaims
      this.#remember(token, { claims, kid, until: (payload.exp ?? 0) * 1000 })
      return claims
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
      throw error
    }
  }

  #remember(token: string, remembered: Remembered): void {
    if (this.#remembered.size >= mostRemembered) {
      for (const oldest of this.#remembered.keys()) {
        this.#remembered.delete(oldest)
        break
      }
    }
    this.#remembered.set(token, remembered)
  }
}
