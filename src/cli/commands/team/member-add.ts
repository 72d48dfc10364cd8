import { managing } from '../../management/managing.ts'
import { teamOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const teamMemberAdd = managing({
  name: 'team member add',
  summary: 'put a member of the organisation into a team',
  about:
    'Puts a member of the organisation into one of its teams: what is granted to the team, he may do from now on.',
  takes: ['ORGANISATION/TEAM', 'USER'],
  examples: ['berth team member add acme/builders bob'],
  async run({ values, names: [text = '', user = ''], open }) {
    const team = teamOf(text)
    await using management = await open()
    printResult(
      values,
      await management.addTeamMember({ ...team, user }),
      (added) => `${added.user} is in ${added.team}\n`,
    )
    return 0
  },
})
