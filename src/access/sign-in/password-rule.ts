import { commonPasswords } from './common-passwords.ts'

/** Characters. NIST SP 800-63B asks for eight at least, and for no rules about kinds of characters. */
export const shortestPassword = 8
/** Bytes: a limit at all, so that nobody has megabytes hashed. */
export const longestPassword = 1024

/**
 * Why the password is too easy to guess, as a sentence to go after "the password"; undefined: it will do.
 * @param name the account's: the first that is tried
 */
export function weaknessOf(password: string, name: string): string | undefined {
  if ([...password].length < shortestPassword)
    return `is too short: ${shortestPassword} characters are the least`
  if (Buffer.byteLength(password) > longestPassword)
    return `is too long: ${longestPassword} bytes are the most`
  if (new Set(password).size < 4) return 'has too few different characters'
  if (isRun(password)) return 'is a row of neighbours in the alphabet or on the keyboard'
  const core = coreOf(password)
  if (isFew(password, name.toLowerCase())) return 'is little more than the name of the user'
  if (commonPasswords.has(password.toLowerCase()) || commonPasswords.has(core))
    return 'is one of those that are tried first'
  return undefined
}

/** `P4ssw0rd2024!` → `password`: what digits at the end and letters in disguise leave. */
function coreOf(password: string): string {
  const disguises: Readonly<Record<string, string>> = {
    '0': 'o',
    '1': 'i',
    '3': 'e',
    '4': 'a',
    '5': 's',
    '7': 't',
    '@': 'a',
    $: 's',
    '!': 'i',
  }
  return password
    .toLowerCase()
    .replace(/[^a-z]+$/, '')
    .replace(/^[^a-z@$]+/, '')
    .replaceAll(/[013457@$!]/g, (mark) => disguises[mark] ?? mark)
}

function isFew(password: string, name: string): boolean {
  const rest = password.toLowerCase().replaceAll(name, '')
  return rest.length < password.length && rest.length < 4
}

const rows = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1qaz2wsx3edc4rfv',
]

/** Whether it is one row, or two, forward or backward. */
function isRun(password: string): boolean {
  const text = password.toLowerCase()
  let rest = text
  for (let parts = 0; parts < 2 && rest !== ''; parts += 1) rest = rest.slice(longestRow(rest))
  return rest === ''
}

function longestRow(text: string): number {
  const lengths = rows.flatMap((row) => [row, [...row].reverse().join('')]).map((row) => lengthIn(row, text))
  return Math.max(...lengths)
}

function lengthIn(row: string, text: string): number {
  let length = 0
  while (length < text.length && row.includes(text.slice(0, length + 1))) length += 1
  return length
}
