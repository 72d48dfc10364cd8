import { managing } from '../../management/managing.ts'
import { teamOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const teamAdd = managing({
  name: 'team add',
  summary: 'make a team in an organisation',
  about: 'Makes a team in an organisation. What is granted to a team, all of its members may do.',
  takes: ['ORGANISATION/TEAM'],
  examples: ['berth team add acme/builders'],
  async run({ values, names: [text = ''], open }) {
    const address = teamOf(text)
    await using management = await open()
    printResult(
      values,
      await management.createTeam(address),
      ({ organisation }) =>
        `made the team ${text}\nnext: \`berth team member add ${text} USER\` and \`berth grant write ${text} on ${organisation}\`\n`,
    )
    return 0
  },
})
