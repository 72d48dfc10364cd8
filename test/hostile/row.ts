import type { Fixture } from './fixture.ts'
import type { RawAnswer } from './raw-answer.ts'

/** One malformed or surprising request, and what may come of it. */
export interface Row {
  readonly name: string
  readonly send: Message | ((fixture: Fixture) => Message | Promise<Message>)
  /** The statuses that the specification allows, or leaves open. */
  readonly status: readonly number[]
  /** The error codes that fit, where the status is a 4xx; any of the specification's unless given. */
  readonly code?: readonly ErrorCode[]
  /** Below the registry's own grammar: the HTTP parser may refuse it in its own words, or close the connection. */
  readonly parser?: true
}

export type Headers = Readonly<Record<string, string>>

export interface Message {
  /** GET unless given. */
  readonly method?: string
  readonly target?: string
  readonly headers?: Headers
  /** Its length is announced unless a header says otherwise. */
  readonly body?: Uint8Array | string
  /** The whole message as it goes over the wire, instead of what is above. */
  readonly raw?: Uint8Array | string
  readonly halfClose?: boolean
  /** Whether a second answer may follow, because what lies behind the body reads as another request. */
  readonly mayGoOn?: boolean
  /** Looks further than the status; not at what the HTTP parser refused. */
  readonly after?: (answer: RawAnswer) => void | Promise<void>
  /** Looks at what is left behind, whatever the answer was. */
  readonly afterwards?: () => Promise<void>
}

/** What the distribution specification lists, and the four that registries have used since before it. */
export const errorCodes = [
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'SIZE_INVALID',
  'UNAUTHORIZED',
  'DENIED',
  'UNSUPPORTED',
  'TOOMANYREQUESTS',
  'TAG_INVALID',
  'RANGE_INVALID',
  'PAGINATION_NUMBER_INVALID',
  'MANIFEST_UNVERIFIED',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** The statuses with which an HTTP parser refuses. */
export const parserStatuses: readonly number[] = [400, 413, 414, 417, 431, 501, 505]

/** The message as it goes over the wire: HTTP/1.1, on a connection that is closed behind it. */
export function encode(message: Message): Buffer {
  if (message.raw !== undefined) return bytesOf(message.raw)
  const body = message.body === undefined ? undefined : bytesOf(message.body)
  const headers = Object.entries({
    Host: '127.0.0.1',
    Connection: 'close',
    ...(body && !framed(message.headers) ? { 'Content-Length': String(body.length) } : {}),
    ...message.headers,
  })
  const lines = [
    `${message.method ?? 'GET'} ${message.target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ]
  return Buffer.concat([bytesOf(`${lines.join('\r\n')}\r\n\r\n`), body ?? Buffer.alloc(0)])
}

function framed(headers: Headers = {}): boolean {
  return Object.keys(headers).some((name) => /^(?:content-length|transfer-encoding)$/i.test(name))
}

/** Text goes out as latin-1, so that a row can hold any byte. */
function bytesOf(bytes: Uint8Array | string): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes)
}

/** Text as a row's target or header holds it: each byte of its UTF-8 as one character. */
export function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
