import type { CreatedUser } from '../../../client/access-management.ts'
import { askNewPassword, passwordFlag, passwordHelp } from '../../ask-password.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const userAdd = managing({
  name: 'user add',
  summary: 'make a user; the first one closes the registry',
  about: `Makes a user, with a namespace of his own: alice pushes to alice/… without asking anyone. The password is asked for
and not shown, or comes from a pipe with --password-stdin.

As long as a registry has no users it is open: everybody may do everything. The first user, who must be an
administrator, closes it for good. What was pushed until then becomes private and the administrators’.

On PostgreSQL or S3 he may be made before the first start: servers do not start there without an account.`,
  takes: ['NAME'],
  usage: '[--admin] [--email ADDRESS] [--password-stdin]',
  options: {
    ...passwordFlag,
    admin: { type: 'boolean' },
    email: { type: 'string' },
    'setup-code': { type: 'string' },
  },
  flags: [
    ['--admin', 'he may do everything: the first user must be one'],
    ['--email', 'where he can be reached'],
    passwordHelp,
    ['--setup-code', 'for the first user with --server: the log of the server shows the code'],
  ],
  begins: true,
  examples: ['berth user add alice --admin', 'pass registry/bob | berth user add bob --password-stdin'],
  async run({ values, names: [name = ''], open }) {
    const { admin = false, email } = values
    const password = await askNewPassword(`Password for ${name}`, values['password-stdin'])
    await using management = await open()
    const user = { name, email, password, admin, setupCode: values['setup-code'] }
    printResult(values, await management.createUser(user), text)
    return 0
  },
})

function text({ name, admin, closed, namespace }: CreatedUser): string {
  const made = `made the ${admin ? 'administrator' : 'user'} ${name}${namespace ? `, who pushes to ${name}/…` : ''}\n`
  const taken = namespace
    ? ''
    : `repositories lie below ${name}/ already, so they stay the administrators’: \`berth namespace set ${name} --owner ${name}\` hands them over\n`
  return made + taken + (closed ? closing : '')
}

const closing = `
The registry is closed now: whoever pushes or pulls signs in first. What was pushed while it was open is private, and
the administrators’; \`berth repo list\` shows it, and \`berth repo set NAME --visibility public\` lets everybody read it.
Next: \`docker login\` with this name and password, and \`berth user add NAME\` for others.
`
