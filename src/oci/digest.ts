import { RegistryError } from './errors.ts'

/** `algorithm:hex`, checked: what a content-addressed object is called. */
export type Digest = string & { readonly __brand: 'Digest' }

export type DigestAlgorithm = 'sha256' | 'sha512'

const hexLength: Record<DigestAlgorithm, number> = { sha256: 64, sha512: 128 }
const lowerHex = /^[0-9a-f]+$/

export const digestAlgorithms = Object.keys(hexLength) as readonly DigestAlgorithm[]

/** @throws DIGEST_INVALID unless the text is a sha256 or sha512 digest in lower-case hex. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  throw new RegistryError(
    'DIGEST_INVALID',
    'a digest is sha256: followed by 64, or sha512: followed by 128, lower-case hexadecimal digits',
    { detail: { digest: text.slice(0, 200) } },
  )
}

export function isDigest(text: string): text is Digest {
  const colon = text.indexOf(':')
  if (colon < 0) return false
  const algorithm = text.slice(0, colon)
  return (
    isDigestAlgorithm(algorithm) &&
    text.length === colon + 1 + hexLength[algorithm] &&
    lowerHex.test(text.slice(colon + 1))
  )
}

export function isDigestAlgorithm(text: string): text is DigestAlgorithm {
  return Object.hasOwn(hexLength, text)
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.slice(0, digest.indexOf(':')) as DigestAlgorithm
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest('hex')}` as Digest
}
