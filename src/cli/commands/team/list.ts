import { everyEntry } from '../../management/management.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { dayText } from '../../output/units.ts'

export const teamList = managing({
  name: 'team list',
  summary: 'list the teams of an organisation',
  about: 'Lists the teams of an organisation by name.',
  takes: ['ORGANISATION'],
  examples: ['berth team list acme'],
  async run({ values, names: [organisation = ''], open }) {
    await using management = await open()
    const teams = await everyEntry(
      (page) => management.listTeams({ ...page, organisation }),
      (page) => page.teams,
    )
    printResult(values, { teams }, () =>
      table(
        ['team', 'since'],
        teams.map(({ name, createdAt }) => [`${organisation}/${name}`, dayText(createdAt)]),
        `${organisation} has no teams: \`berth team add ${organisation}/TEAM\` makes one`,
      ),
    )
    return 0
  },
})
