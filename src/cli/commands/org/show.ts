import { everyEntry } from '../../management/management.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { dayText } from '../../output/units.ts'

export const orgShow = managing({
  name: 'org show',
  summary: 'show an organisation with its members and teams',
  about: 'Shows an organisation with its members and its teams.',
  takes: ['NAME'],
  examples: ['berth org show acme'],
  async run({ values, names: [name = ''], open }) {
    await using management = await open()
    const organisation = await management.showOrganisation({ name })
    const members = await everyEntry(
      (page) => management.listMembers({ ...page, organisation: name }),
      (page) => page.members,
    )
    const teams = await everyEntry(
      (page) => management.listTeams({ ...page, organisation: name }),
      (page) => page.teams,
    )
    const result = { ...organisation, members, teams: teams.map((team) => team.name) }
    printResult(
      values,
      result,
      () => `organisation  ${name}
since         ${dayText(organisation.createdAt)}
teams         ${result.teams.join(', ') || `none: \`berth team add ${name}/TEAM\` makes one`}

${table(
  ['member', 'role'],
  members.map((member) => [member.name, member.role]),
  `nobody is a member: \`berth org member add ${name} USER --owner\` makes an owner`,
)}`,
    )
    return 0
  },
})
