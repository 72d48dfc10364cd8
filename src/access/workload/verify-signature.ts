import { type CryptoKey, errors, jwtVerify } from 'jose'
import type { IssuerKeys, KeySet } from './issuer-keys.ts'
import { algorithms, clockTolerance, type WorkloadToken } from './workload-token.ts'

/**
 * Whether the token is signed by its issuer. Keys are the ones that the issuer publishes: what the token carries, or says
 * of where keys are, is not looked at.
 * @throws ISSUER_UNAVAILABLE
 */
export async function isSignedByIssuer(
  token: WorkloadToken,
  keys: IssuerKeys,
  now: number,
): Promise<boolean> {
  const { iss } = token.claims
  const known = await keys.of(iss)
  const verdict = await verify(token, known, now)
  if (verdict !== 'no such key') return verdict === 'good'
  const newer = await keys.newer(iss, known)
  return newer !== undefined && (await verify(token, newer, now)) === 'good'
}

type Verdict = 'good' | 'bad' | 'no such key'

async function verify({ text, claims }: WorkloadToken, keys: KeySet, now: number): Promise<Verdict> {
  const options = { algorithms, issuer: claims.iss, clockTolerance, currentDate: new Date(now) }
  try {
    await jwtVerify(text, keys, options)
    return 'good'
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return 'no such key'
    if (error instanceof errors.JWKSMultipleMatchingKeys) return verifyByAny(text, error, options)
    if (isOfToken(error)) return 'bad'
    throw error
  }
}

/** A token that does not say by which of several keys it is signed. */
async function verifyByAny(
  text: string,
  matching: AsyncIterable<CryptoKey>,
  options: NonNullable<Parameters<typeof jwtVerify>[2]>,
): Promise<Verdict> {
  for await (const key of matching) {
    try {
      await jwtVerify(text, key, options)
      return 'good'
    } catch (error) {
      if (!isOfToken(error)) throw error
    }
  }
  return 'bad'
}

/** What is wrong with the token, or with the key that it is to be verified by: neither is a fault of ours. */
function isOfToken(error: unknown): boolean {
  return error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException
}
