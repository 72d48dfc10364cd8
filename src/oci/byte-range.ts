/** A part of an object, in bytes from its start; both ends belong to it. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

const single = /^(\d*)-(\d*)$/

/**
 * What a Range header asks of an object of `size` bytes (RFC 9110, 14.2). `undefined` asks for all of it: no
 * header, a unit or syntax that we don't know, or several ranges, which a server may answer with the whole.
 */
export function parseRange(header: string | null, size: number): ByteRange | 'unsatisfiable' | undefined {
  if (!header) return undefined
  const equals = header.indexOf('=')
  if (equals < 0 || header.slice(0, equals).trim().toLowerCase() !== 'bytes') return undefined
  const match = single.exec(header.slice(equals + 1).trim())
  if (!match) return undefined
  const [, from = '', to = ''] = match
  if (from === '' && to === '') return undefined
  if (from === '') return suffix(Number(to), size)
  const first = Number(from)
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  return first >= size || last < first ? 'unsatisfiable' : { first, last }
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable'
  return { first: Math.max(0, size - length), last: size - 1 }
}

const chunk = /^(\d{1,16})-(\d{1,16})$/

/** An upload's Content-Range: `first-last`, without a unit; `undefined` when it is not that. */
export function parseContentRange(header: string): ByteRange | undefined {
  const match = chunk.exec(header.trim())
  if (!match) return undefined
  const range = { first: Number(match[1]), last: Number(match[2]) }
  return Number.isSafeInteger(range.last) && range.first <= range.last ? range : undefined
}
