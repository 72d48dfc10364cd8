import { createHash, randomBytes } from 'node:crypto'

/** What a secret is for; its prefix says so, for people and for programs that look for secrets that leaked. */
export type SecretKind = 'pat' | 'robot' | 'refresh' | 'invite'

const kinds: readonly SecretKind[] = ['pat', 'robot', 'refresh', 'invite']

/** 256 bits in the digits of base 62. */
const randomLength = 43
const checksumLength = 6
const form = new RegExp(`^berth_(${kinds.join('|')})_[0-9A-Za-z]{${randomLength + checksumLength}}$`)

/** A new secret, such as `berth_pat_…`: 256 random bits, and a checksum that tells a mistyped or a made-up one at once. */
export function newSecret(kind: SecretKind): string {
  const body = `berth_${kind}_${base62(BigInt(`0x${randomBytes(32).toString('hex')}`), randomLength)}`
  return body + checksumOf(body)
}

/** Which kind of secret the text is; undefined: none that was ever given out. */
export function kindOfSecret(text: string): SecretKind | undefined {
  const kind = form.exec(text)?.[1] as SecretKind | undefined
  if (!kind || checksumOf(text.slice(0, -checksumLength)) !== text.slice(-checksumLength)) return undefined
  return kind
}

/** What is kept of a secret: it has 256 random bits, so that one round of SHA-256 is as good as many. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function checksumOf(text: string): string {
  return base62(BigInt(Bun.hash.crc32(text)), checksumLength)
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function base62(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; rest > 0n; rest /= 62n) text = digits[Number(rest % 62n)] + text
  return text.padStart(length, '0')
}
