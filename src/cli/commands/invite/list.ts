import { everyEntry } from '../../management/management.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { timeText } from '../../output/units.ts'

export const inviteList = managing({
  name: 'invite list',
  summary: 'list the invitations that nobody has taken',
  about: 'Lists the invitations that nobody has taken.',
  examples: ['berth invite list'],
  async run({ values, open }) {
    await using management = await open()
    const invitations = await everyEntry(
      (page) => management.listInvitations(page),
      (page) => page.invitations,
    )
    printResult(values, { invitations }, () =>
      table(
        ['id', 'for', 'by', 'until'],
        invitations.map(({ id, email, createdBy, expiresAt }) => [
          id,
          email ?? '-',
          createdBy,
          `${timeText(Date.parse(expiresAt))}${Date.parse(expiresAt) < Date.now() ? ' (over)' : ''}`,
        ]),
        'there are no invitations: `berth invite create` makes one',
      ),
    )
    return 0
  },
})
