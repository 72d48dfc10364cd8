import { DirectoryRefusal } from '../breaker.ts'

/** Result codes (RFC 4511, 4.1.9) by which servers say that this is not the password, or not of anybody who may sign in. */
const wrongPassword: ReadonlySet<number> = new Set([
  // A constraint is violated: an account that is locked, with some.
  19,
  // No such object.
  32,
  // The entry has no password.
  48,
  // Invalid credentials.
  49,
  // Unwilling to perform: an account that is locked or whose password is over, with some.
  53,
])

export function isWrongPassword(error: unknown): boolean {
  return wrongPassword.has((error as { code?: unknown } | undefined)?.code as number)
}

/** In words, for who sets it up: many servers say no more than the code. */
const meanings: Readonly<Record<number, string>> = {
  4: 'more entries than it may show',
  8: 'stronger authentication is required: TLS, for example',
  10: 'a referral to another server, which is not followed',
  11: 'an administrative limit',
  13: 'confidentiality is required: TLS',
  18: 'a rule that the attribute does not have: it can’t be searched by its value',
  32: 'no such entry',
  48: 'the entry has no password',
  49: 'the password is wrong, or there is no such entry',
  50: 'insufficient access',
  51: 'busy',
  52: 'unavailable',
  53: 'unwilling',
}

/** By which a server says that it can't, whoever asks for what. */
const away: ReadonlySet<number> = new Set([51, 52])

/**
 * What a server said where it did not do what it was asked for; any other error as it is.
 * @param doing what it was asked for: `the bind of cn=berth,…`
 */
export function refusalOf(error: unknown, doing: string): unknown {
  const { code } = (error ?? {}) as { code?: unknown }
  if (typeof code !== 'number') return error
  const said = error instanceof Error ? error.message.trim() : ''
  const meaning = meanings[code]
  const text = `${doing} was refused: ${meaning === undefined ? said : `${meaning} (${said})`}`
  return away.has(code) ? new Error(text) : new DirectoryRefusal(text)
}
