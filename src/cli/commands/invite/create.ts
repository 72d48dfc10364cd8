import type { CreatedInvitation } from '../../../client/access-management.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'
import { timeText } from '../../output/units.ts'

export const inviteCreate = managing({
  name: 'invite create',
  summary: 'invite somebody to make an account of his own',
  about: `Makes an invitation, with which somebody makes one account of his own, where the setting access.registration is
invite (or open). It is shown this once.`,
  usage: '[--email ADDRESS] [--organisation NAME] [--expires WHEN]',
  options: {
    email: { type: 'string' },
    organisation: { type: 'string' },
    expires: { type: 'string' },
    quiet: { type: 'boolean' },
  },
  flags: [
    ['--email', 'for whom it is, as a note'],
    ['--organisation', 'what he becomes a member of'],
    ['--expires', 'when it ends: 12h, 7d, 2027-01-31 [7d]'],
    ['--quiet', 'print the invitation alone, for scripts'],
  ],
  examples: ['berth invite create --email carol@example.com --organisation acme'],
  async run({ values, open }) {
    const { email, organisation, expires = '7d', quiet } = values
    await using management = await open()
    const created = await management.createInvitation({ email, organisation, expires })
    printResult(values, created, () => (quiet ? `${created.invitation}\n` : text(created)))
    return 0
  },
})

function text({ id, invitation, expiresAt, registration }: CreatedInvitation): string {
  const off =
    registration === 'off'
      ? 'Nobody can take it yet: the setting access.registration is off; start the server with invite\n'
      : ''
  return `made an invitation for one account, until ${timeText(Date.parse(expiresAt))}

  ${invitation}

It is shown this once. It is taken with POST /api/v1/registration {"name": …, "password": …, "invitation": …}
${off}\`berth invite revoke ${id}\` withdraws it
`
}
