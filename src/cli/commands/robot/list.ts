import { everyEntry } from '../../management/management.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { dayText } from '../../output/units.ts'

export const robotList = managing({
  name: 'robot list',
  summary: 'list the robots of an organisation',
  about:
    'Lists the robots of an organisation by name. `berth token list --robot ROBOT` lists the tokens of one.',
  takes: ['ORGANISATION'],
  examples: ['berth robot list acme'],
  async run({ values, names: [organisation = ''], open }) {
    await using management = await open()
    const robots = await everyEntry(
      (page) => management.listRobots({ ...page, organisation }),
      (page) => page.robots,
    )
    printResult(values, { robots }, () =>
      table(
        ['robot', 'state', 'since'],
        robots.map(({ name, disabled, createdAt }) => [
          name,
          disabled ? 'disabled' : 'enabled',
          dayText(createdAt),
        ]),
        `${organisation} has no robots: \`berth robot add ${organisation}+NAME\` makes one`,
      ),
    )
    return 0
  },
})
