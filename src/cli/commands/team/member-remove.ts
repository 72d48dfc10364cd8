import { managing } from '../../management/managing.ts'
import { teamOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const teamMemberRemove = managing({
  name: 'team member remove',
  summary: 'take a member out of a team',
  about: 'Takes a member out of a team. What is granted to the team, he may not do any more, at once.',
  takes: ['ORGANISATION/TEAM', 'USER'],
  examples: ['berth team member remove acme/builders bob'],
  async run({ values, names: [text = '', user = ''], open }) {
    const team = teamOf(text)
    await using management = await open()
    printResult(
      values,
      await management.removeTeamMember({ ...team, user }),
      ({ removed }) => `${removed} is out of ${text}\n`,
    )
    return 0
  },
})
