import type { Management } from '../../../client/management.ts'
import { askNewPassword, askPassword, passwordFlag, passwordHelp } from '../../ask-password.ts'
import { CommandError } from '../../command.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const userPasswd = managing({
  name: 'user passwd',
  summary: 'change a password',
  about: `Changes the password of a user. Whoever was signed in as him must sign in again; access tokens go on.

An administrator, and whoever has the data directory, sets anybody’s. Who changes his own with --server is asked for
the current one first; with --password-stdin that is the first line, and the new one the second.`,
  takes: ['NAME'],
  usage: '[--password-stdin]',
  options: passwordFlag,
  flags: [passwordHelp],
  examples: ['berth user passwd alice', 'berth user passwd alice --server https://registry.example.com'],
  async run({ values, names: [name = ''], open }) {
    const fromStdin = values['password-stdin']
    await using management = await open()
    const { kind, name: caller } = await management.whoAmI()
    await requirePasswordHere(management, name)
    const own = kind === 'user' && caller === name
    const change = fromStdin ? await pipedChange(own) : await askedChange(name, own)
    printResult(
      values,
      await management.setPassword({ name, ...change }),
      (user) =>
        `the password of ${user.name} is changed: whoever was signed in with the old one signs in again\n`,
    )
    return 0
  },
})

/** Before anybody types one. @throws CommandError */
async function requirePasswordHere(management: Management, name: string): Promise<void> {
  const { directory } = await management.showUser({ name })
  if (directory !== null)
    throw new CommandError(
      `${name} signs in with the password that the directory ${directory} knows: it is changed there`,
    )
}

interface Change {
  readonly password: string
  readonly current?: string
}

async function askedChange(name: string, own: boolean): Promise<Change> {
  const current = own ? { current: await askPassword('Current password', false) } : {}
  return { ...current, password: await askNewPassword(`New password for ${name}`, false) }
}

async function pipedChange(own: boolean): Promise<Change> {
  const text = await askPassword('', true)
  if (!own) return { password: text }
  const [current = '', password = ''] = text.split(/\r?\n/)
  return { current, password }
}
