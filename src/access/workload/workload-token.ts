import { decodeJwt, decodeProtectedHeader } from 'jose'
import { RegistryError } from '../../oci/errors.ts'
import { longestToken } from '../sign-in/bearer-tokens.ts'
import { hashOfSecret } from '../sign-in/secrets.ts'
import type { Claims } from './claims.ts'

/** What a job's token says, which is not known to be true before its signature is. */
export interface WorkloadToken {
  readonly text: string
  readonly claims: Claims & { readonly iss: string }
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Signed with a private key: with a shared secret, or none, everybody who verifies could also sign. */
export const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
/** Seconds that the issuer's clock and this one's may differ by. */
export const clockTolerance = 30
/** Seconds. Job tokens are made for minutes, or for as long as a job may run. */
const longestLifetime = 24 * 3600

/** Whether the text has the form of one. */
export function isWorkloadToken(text: string): boolean {
  return text.startsWith('eyJ') && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text)
}

/**
 * Reads a token and looks at what can be seen of it alone: so that what is said of it tells nothing of who is trusted.
 * @param now milliseconds since 1970
 * @throws UNAUTHORIZED, with words for who set the job up
 */
export function readWorkloadToken(text: string, now: number): WorkloadToken {
  if (text.length > longestToken || !isWorkloadToken(text)) throw unusable('it is no signed JWT')
  const { header, claims } = decode(text)
  if (!algorithms.includes(header.alg))
    throw unusable(`it is signed by ${JSON.stringify(header.alg)}, which is not taken`)
  if (header.typ !== undefined && !/^(application\/)?(at\+)?jwt$/i.test(header.typ))
    throw unusable(`it is a ${JSON.stringify(header.typ)}, and no token of a job`)
  if (typeof claims.iss !== 'string' || !hasAudience(claims.aud))
    throw unusable('it does not say who gave it (iss) or whom it is for (aud)')
  const expiresAt = requireTimely(claims, Math.floor(now / 1000))
  return { text, claims: { ...claims, iss: claims.iss }, expiresAt }
}

/** What is kept of a token that was taken: its signature may be written in several ways, what it covers in one. */
export function markOf({ text }: WorkloadToken): string {
  return hashOfSecret(text.slice(0, text.lastIndexOf('.')))
}

function decode(text: string): { header: { alg: string; typ?: string }; claims: Claims } {
  try {
    const { alg = '', typ } = decodeProtectedHeader(text)
    return {
      header: { alg: String(alg), ...(typ === undefined ? {} : { typ: String(typ) }) },
      claims: decodeJwt(text),
    }
  } catch {
    throw unusable('it is no signed JWT')
  }
}

function hasAudience(aud: unknown): boolean {
  return typeof aud === 'string' || (Array.isArray(aud) && aud.every((one) => typeof one === 'string'))
}

/** @returns when it ends, in milliseconds since 1970 */
function requireTimely({ exp, nbf, iat }: Claims, now: number): number {
  if (!isTime(exp)) throw unusable('it has no time at which it ends (exp)')
  if (exp <= now - clockTolerance)
    throw unusable(`it has expired ${now - exp} seconds ago: ask for a new one`)
  for (const [name, from] of [
    ['nbf', nbf],
    ['iat', iat],
  ] as const) {
    if (from === undefined) continue
    if (!isTime(from)) throw unusable(`its ${name} is no time`)
    if (from > now + clockTolerance)
      throw unusable(`it holds only in ${from - now} seconds (${name}): one of two clocks is wrong`)
  }
  if (exp - (isTime(iat) ? iat : now) > longestLifetime)
    throw unusable('it is good for more than a day: let the issuer make it for less')
  return exp * 1000
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 1e11
}

function unusable(why: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', `the workload token can’t be used: ${why}`)
}
