import { confirm, yesFlag, yesHelp } from '../../confirm.ts'
import { managing } from '../../management/managing.ts'
import { teamOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const teamDelete = managing({
  name: 'team delete',
  summary: 'delete a team with what was granted to it',
  about:
    'Deletes a team, with what was granted to it, for good. Its members stay members of the organisation.',
  takes: ['ORGANISATION/TEAM'],
  options: yesFlag,
  flags: [yesHelp],
  examples: ['berth team delete acme/builders'],
  async run({ values, names: [text = ''], open }) {
    const team = teamOf(text)
    await using management = await open()
    await management.listTeamMembers({ ...team, after: '', limit: 1 })
    await confirm(`Delete the team ${text}, with what was granted to it?`, { yes: values.yes, forGood: true })
    printResult(values, await management.deleteTeam(team), ({ deleted }) => `deleted the team ${deleted}\n`)
    return 0
  },
})
