import type { DirectoryRules } from './directory.ts'

/** What being in the groups means here. */
export function rightsOf(
  rules: Pick<DirectoryRules, 'teams' | 'admins'>,
  groups: readonly string[],
): { teams: { organisation: string; team: string }[]; admin: boolean | null } {
  const known = new Set(groups.flatMap(formsOf))
  const isIn = (group: string) => known.has(plainName(group))
  return {
    teams: rules.teams
      .filter(({ group }) => isIn(group))
      .map(({ organisation, team }) => ({ organisation, team })),
    admin: rules.admins ? rules.admins.some(isIn) : null,
  }
}

/** A group answers to its whole name and to its first attribute's value: `cn=dev,ou=groups` and `dev`. */
function formsOf(group: string): string[] {
  const plain = plainName(group)
  const [first = ''] = partsOf(plain)
  const sign = first.indexOf('=')
  return sign < 0 ? [plain] : [plain, first.slice(sign + 1)]
}

/** The same for each way to write one name: RFC 4514 leaves case, spaces and the form of escapes to the writer. */
export function plainName(name: string): string {
  return partsOf(name)
    .map((part) => {
      const sign = part.indexOf('=')
      const [type, value] = sign < 0 ? ['', part] : [part.slice(0, sign), part.slice(sign + 1)]
      const plain = plainValue(value)
      return sign < 0 ? plain : `${type.trim().toLowerCase()}=${plain}`
    })
    .join(',')
}

/** Split at commas that are not escaped. */
function partsOf(name: string): string[] {
  const parts: string[] = ['']
  for (let at = 0; at < name.length; at += 1) {
    const letter = name[at] ?? ''
    if (letter === '\\') {
      parts.push(`${parts.pop()}${letter}${name[at + 1] ?? ''}`)
      at += 1
    } else if (letter === ',') parts.push('')
    else parts.push(`${parts.pop()}${letter}`)
  }
  return parts
}

/** Characters that are written with a backslash, or as two hexadecimal digits, in one form. */
function plainValue(value: string): string {
  const bytes: number[] = []
  for (let at = 0; at < value.length; at += 1) {
    const letter = value[at] ?? ''
    const hex = letter === '\\' ? /^[0-9a-fA-F]{2}/.exec(value.slice(at + 1, at + 3))?.[0] : undefined
    if (hex) {
      bytes.push(Number.parseInt(hex, 16))
      at += 2
      continue
    }
    if (letter === '\\') at += 1
    const code = value.codePointAt(at) ?? 0
    bytes.push(...Buffer.from(String.fromCodePoint(code)))
    if (code > 0xffff) at += 1
  }
  const text = Buffer.from(bytes).toString('utf8').trim().toLowerCase().replaceAll(/\s+/g, ' ')
  return text.replaceAll(/[\\,]/g, (mark) => `\\${mark}`)
}
