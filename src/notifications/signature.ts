import { createHmac, randomBytes } from 'node:crypto'

/** Signatures as Standard Webhooks 1.0 has them, for which receivers find libraries in every language. */

/** Bytes that a secret may have. */
const shortest = 24
const longest = 64
const form = /^whsec_[A-Za-z0-9+/]+={0,2}$/

export function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

/** Whether the text is a secret that requests can be signed with: `whsec_`, then 24 to 64 bytes in base64. */
export function isWebhookSecret(text: string): boolean {
  if (!form.test(text)) return false
  const key = keyOf(text)
  return key.length >= shortest && key.length <= longest && key.toString('base64') === text.slice(6)
}

export interface Signed {
  /** The event's. */
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly body: string
}

/** The headers of a request. With two secrets it bears both signatures: either is good. */
export function signatureHeaders(
  { id, timestamp, body }: Signed,
  secrets: readonly string[],
): Readonly<Record<string, string>> {
  const content = `${id}.${timestamp}.${body}`
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', keyOf(secret)).update(content).digest('base64')}`,
  )
  return {
    'Webhook-Id': id,
    'Webhook-Timestamp': String(timestamp),
    'Webhook-Signature': signatures.join(' '),
  }
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice('whsec_'.length), 'base64')
}
