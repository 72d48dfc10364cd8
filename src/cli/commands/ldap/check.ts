import type { CheckedPerson, DirectoryCheck } from '../../../client/directory-management.ts'
import { askPassword, passwordFlag, passwordHelp } from '../../ask-password.ts'
import { UsageError } from '../../command.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const ldapCheck = managing({
  name: 'ldap check',
  summary: 'try the LDAP directories, and what a person is in them',
  about: `Tries each LDAP directory of the settings (ldap) as a sign-in would: connection, TLS, bind and search. With a NAME,
whether somebody answers to it, which account he has or would get, his groups and the teams that they bring. Nobody is
signed in and nothing is changed. Ends with 1 where a directory can't be asked, or does not know the name.

Here it goes by the settings of this machine (--config); with --server, by those of the server and from where it stands.`,
  takes: ['[NAME]'],
  usage: '[--with-password]',
  options: { ...passwordFlag, 'with-password': { type: 'boolean' } },
  flags: [['--with-password', 'ask for the person’s password, and try it too'], passwordHelp],
  examples: [
    'berth ldap check --config /etc/berth.yaml',
    'berth ldap check alice --with-password --server https://registry.example.com',
  ],
  async run({ values, names: [login], open }) {
    const fromStdin = values['password-stdin']
    if (login === undefined && (fromStdin || values['with-password']))
      throw new UsageError('NAME is missing: a password is somebody’s')
    const asked = values['with-password'] || fromStdin
    const password = asked ? await askPassword(`Password of ${login}`, fromStdin) : undefined
    await using management = await open()
    const result = await management.checkDirectories({ login, password })
    printResult(values, result, ({ directories }) =>
      directories.length === 0
        ? 'no directory is set (ldap): only local accounts sign in\n'
        : directories.map((one) => textOf(one, login)).join('\n'),
    )
    return isGood(result.directories, login) ? 0 : 1
  },
})

function isGood(directories: readonly DirectoryCheck[], login: string | undefined): boolean {
  if (directories.some(({ failure }) => failure !== null)) return false
  if (login === undefined) return directories.length > 0
  const first = directories.find(({ entries }) => entries !== 0)
  return first?.person != null && first.person.passwordIsRight !== false
}

function textOf(
  { directory, failure, entries, person, absentTeams }: DirectoryCheck,
  login: string | undefined,
): string {
  const lines = [`directory ${directory}`]
  if (failure !== null) lines.push(`  failed    ${failure}`)
  else {
    lines.push('  answers   it can be searched')
    if (entries === 0) lines.push(`  found     nobody answers to ${login}: the next directory is asked`)
    if ((entries ?? 0) > 1)
      lines.push(`  found     several entries answer to ${login}: nobody can sign in with it`)
    if (person) lines.push(...linesOf(person))
  }
  if (absentTeams.length > 0)
    lines.push(`  missing   the registry has no team ${absentTeams.join(', ')}: \`berth team add\` makes one`)
  return `${lines.join('\n')}\n`
}

function linesOf(person: CheckedPerson): string[] {
  const account =
    person.account === null
      ? 'none: no name for one is free'
      : `${person.account}${person.hasAccount ? '' : ', which the first sign-in makes'}`
  return [
    `  found     ${person.dn}`,
    `  subject   ${person.subject}`,
    `  called    ${person.login}${person.email === null ? '' : ` <${person.email}>`}`,
    `  account   ${account}`,
    `  groups    ${person.groups.join('\n            ') || '-'}`,
    `  teams     ${person.teams.join(', ') || '-'}`,
    `  admin     ${person.admin === null ? 'the directory does not say' : person.admin ? 'yes' : 'no'}`,
    ...(person.passwordIsRight === null
      ? []
      : [`  password  ${person.passwordIsRight ? 'right' : 'wrong, or not of somebody who may sign in'}`]),
  ]
}
