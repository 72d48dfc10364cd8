import { everyEntry } from '../../management/management.ts'
import { managing } from '../../management/managing.ts'
import { teamOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'

export const teamShow = managing({
  name: 'team show',
  summary: 'list the members of a team',
  about: 'Lists the members of a team by name.',
  takes: ['ORGANISATION/TEAM'],
  examples: ['berth team show acme/builders'],
  async run({ values, names: [text = ''], open }) {
    const team = teamOf(text)
    await using management = await open()
    const members = await everyEntry(
      (page) => management.listTeamMembers({ ...page, ...team }),
      (page) => page.members,
    )
    printResult(values, { ...team, members }, () =>
      table(
        ['member'],
        members.map((member) => [member]),
        `nobody is in ${text}: \`berth team member add ${text} USER\` puts somebody in`,
      ),
    )
    return 0
  },
})
