import { isBcrypt } from './password-hashes.ts'

/** One line of an htpasswd file. */
export type HtpasswdEntry =
  | { readonly name: string; readonly hash: string; readonly line: number }
  | { readonly name: string; readonly skipped: string; readonly line: number }

/** Each step doubles the time of a sign-in: at 16 it is some seconds, and a few at once would stall all others. */
const highestCost = 16

/**
 * The entries of a file as `htpasswd -B` writes it. Each name comes once: the server that read it before took the first.
 * @param text of the file
 */
export function readHtpasswd(text: string): HtpasswdEntry[] {
  const entries: HtpasswdEntry[] = []
  const seen = new Set<string>()
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const entry = { name, line: index + 1 }
    const hash = colon < 0 ? '' : line.slice(colon + 1)
    const skipped = seen.has(name) ? 'the name stands further up already' : problemOf(hash)
    seen.add(name)
    entries.push(skipped === undefined ? { ...entry, hash } : { ...entry, skipped })
  }
  return entries
}

function problemOf(hash: string): string | undefined {
  if (hash === '') return 'there is no password hash in the line'
  if (!isBcrypt(hash)) return 'the hash is not bcrypt, the one kind that is safe to take over (htpasswd -B)'
  if (Number(hash.slice(4, 6)) > highestCost) return `the cost of the hash is above ${highestCost}`
  return undefined
}
