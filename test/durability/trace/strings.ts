import type { Call } from './calls.ts'

/** The bytes of the strings among a call's arguments, in order. Throws where strace cut one short. */
export function stringsOf({ args }: Call): Buffer[] {
  return Array.from(args.matchAll(/"((?:[^"\\]|\\.)*)"(\.\.\.)?/gs), ([, text = '', cut]) => {
    if (cut) throw new Error('the trace holds only the beginning of a string')
    return unescaped(text)
  })
}

/** The numbers that stand behind the last string or list, or behind the descriptor: offsets and lengths. */
export function numbersAfter({ args }: Call): number[] {
  const rest = args.slice(Math.max(args.lastIndexOf('"'), args.lastIndexOf('>'), args.lastIndexOf(']')) + 1)
  return Array.from(rest.matchAll(/-?\d+/g), ([number]) => Number(number))
}

const named: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12, '"': 34, '\\': 92 }

/** As strace writes bytes: C's escapes, octal ones with as few digits as will do. */
function unescaped(text: string): Buffer {
  const bytes: number[] = []
  for (const [, octal, letter, plain] of text.matchAll(/\\([0-7]{1,3})|\\(.)|([^\\])/gs)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8))
    else bytes.push(plain === undefined ? (named[letter ?? ''] ?? 0) : plain.charCodeAt(0))
  }
  return Buffer.from(bytes)
}
