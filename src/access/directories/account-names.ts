import { isReservedName, longestAccountName } from '../names.ts'

/** Tries of other names, where the first ones are taken. */
const mostTries = 50
/** Leaves room for the directory's name and a number. */
const longestMapped = longestAccountName - 26

/**
 * Names for the account of somebody whom a directory knows, the best first: what he is called there, mapped to what
 * repositories may be called; where that is taken, with the directory's name, and then with a number.
 * @param person.subject for who has no letter that a name may have
 */
export function accountNamesFor(
  person: { readonly login: string; readonly subject: string },
  directory: string,
): string[] {
  const name =
    mappedName(person.login) || `user-${new Bun.SHA256().update(person.subject).digest('hex').slice(0, 8)}`
  const numbered = Array.from({ length: mostTries }, (_, index) => `${name}-${directory}-${index + 2}`)
  return [...(isReservedName(name) ? [] : [name]), `${name}-${directory}`, ...numbered]
}

/** Letters that have no other form in Unicode. */
const spelled: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ı: 'i',
}

/** `Jürgen.Müller` → `jurgen.muller`, `bob@corp.example.com` → `bob`; empty: nothing is left of it. */
export function mappedName(login: string): string {
  const local = login.includes('@') ? login.slice(0, login.indexOf('@')) : login
  return local
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[ßæœøđðþłı]/g, (letter) => spelled[letter] ?? letter)
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/[._-]{2,}/g, (run) => (run === '__' || /^-+$/.test(run) ? run : '-'))
    .slice(0, longestMapped)
    .replaceAll(/^[._-]+|[._-]+$/g, '')
}
