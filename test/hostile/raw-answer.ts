/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  /** By lower-case name; several of one name are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

export interface ParsedAnswer {
  readonly answer: RawAnswer
  /** What follows the answer: another answer, or bytes that should not be there. */
  readonly rest: Buffer
}

export interface Received {
  bytes: Buffer
  /** Whether the server has closed its side, which ends a body without a length. */
  ended: boolean
  /** The method that is answered: a HEAD's answer has no body, whatever its headers say. */
  method: string
}

/**
 * Reads one answer from the start of the bytes (RFC 9112); interim answers (1xx) are passed over.
 * @returns undefined while it is incomplete
 * @throws Error for bytes that no HTTP/1.1 client understands
 */
export function parseAnswer(received: Received): ParsedAnswer | undefined {
  const end = received.bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [statusLine = '', ...lines] = received.bytes.toString('latin1', 0, end).split('\r\n')
  const match = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)
  if (!match) throw new Error(`not a status line: ${JSON.stringify(statusLine.slice(0, 100))}`)
  const status = Number(match[1])
  const after = received.bytes.subarray(end + 4)
  if (status < 200) return parseAnswer({ ...received, bytes: after })
  const headers = parseHeaders(lines)
  const framed = frame(after, { status, headers, received })
  return framed && { answer: { status, headers, body: framed.body }, rest: framed.rest }
}

function parseHeaders(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line)
    if (!match) throw new Error(`not a header: ${JSON.stringify(line.slice(0, 100))}`)
    const name = (match[1] ?? '').toLowerCase()
    const earlier = headers.get(name)
    headers.set(name, earlier === undefined ? (match[2] ?? '') : `${earlier}, ${match[2]}`)
  }
  return headers
}

interface Framed {
  readonly body: Buffer
  readonly rest: Buffer
}

interface Head {
  status: number
  headers: ReadonlyMap<string, string>
  received: Received
}

/** Cuts the body out of the bytes behind the headers, as RFC 9112, 6.3 has it. */
function frame(bytes: Buffer, { status, headers, received }: Head): Framed | undefined {
  if (received.method === 'HEAD' || status === 204 || status === 304) {
    return { body: Buffer.alloc(0), rest: bytes }
  }
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return unchunk(bytes)
  const length = headers.get('content-length')
  if (length === undefined) return received.ended ? { body: bytes, rest: Buffer.alloc(0) } : undefined
  if (!/^\d+$/.test(length)) throw new Error(`not a Content-Length: ${length}`)
  const size = Number(length)
  return bytes.length < size ? undefined : { body: bytes.subarray(0, size), rest: bytes.subarray(size) }
}

function unchunk(bytes: Buffer): Framed | undefined {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (Number.isNaN(size)) throw new Error('not a chunk size')
    const start = line + 2
    if (bytes.length < start + size + 2) return undefined
    if (size === 0) return { body: Buffer.concat(chunks), rest: bytes.subarray(start + 2) }
    chunks.push(bytes.subarray(start, start + size))
    at = start + size + 2
  }
}
