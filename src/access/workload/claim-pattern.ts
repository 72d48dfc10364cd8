/** Characters of a pattern, and of the claims that are held against one. */
export const longestPattern = 255
const longestValue = 1024
/** Each costs a walk through the value. */
export const mostWildcards = 4

/**
 * Whether the whole value is what the pattern says: `*` is anything but a slash, `**` anything at all, and every other
 * character itself. Takes time by the product of both lengths at the most, whatever was written: who writes patterns is
 * not who runs the server.
 */
export function matchesPattern(pattern: string, value: string): boolean {
  if (!pattern.includes('*')) return pattern === value
  if (value.length > longestValue) return false
  let reached = start(value.length)
  for (const piece of piecesOf(pattern)) reached = advance(piece, value, reached)
  return reached[value.length] === 1
}

/** How many characters are walked over, at the most. */
export function workOf(pattern: string, value: string): number {
  return pattern.includes('*') && value.length <= longestValue ? piecesOf(pattern).length * value.length : 0
}

/** What stands before the first wildcard. */
export function fixedBeginning(pattern: string): string {
  return pattern.split('*', 1)[0] ?? ''
}

export function wildcardsIn(pattern: string): number {
  return piecesOf(pattern).filter((piece) => piece.startsWith('*')).length
}

/** Wildcards, and the texts between them. */
function piecesOf(pattern: string): string[] {
  return pattern.match(/\*+|[^*]+/g) ?? []
}

function start(length: number): Uint8Array {
  const places = new Uint8Array(length + 1)
  places[0] = 1
  return places
}

/** The places in the value that can be reached by one more piece, from those that were. */
function advance(piece: string, value: string, reached: Uint8Array): Uint8Array {
  const next = new Uint8Array(value.length + 1)
  if (piece.startsWith('*')) {
    let open = false
    for (let place = 0; place <= value.length; place += 1) {
      // A slash behind a place can't be stepped over by a single star.
      if (piece === '*' && place > 0 && value[place - 1] === '/') open = false
      if (reached[place] === 1) open = true
      if (open) next[place] = 1
    }
    return next
  }
  for (let place = 0; place + piece.length <= value.length; place += 1)
    if (reached[place] === 1 && value.startsWith(piece, place)) next[place + piece.length] = 1
  return next
}
