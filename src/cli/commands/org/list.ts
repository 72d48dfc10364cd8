import { everyEntry } from '../../management/management.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { dayText } from '../../output/units.ts'

export const orgList = managing({
  name: 'org list',
  summary: 'list the organisations',
  about: `Lists the organisations by name: all of them, or with --server those that you are a member of, unless you
administer the registry.`,
  examples: ['berth org list'],
  async run({ values, open }) {
    await using management = await open()
    const organisations = await everyEntry(
      (page) => management.listOrganisations(page),
      (page) => page.organisations,
    )
    printResult(values, { organisations }, () =>
      table(
        ['name', 'owners', 'since'],
        organisations.map(({ name, owners, createdAt }) => [name, String(owners), dayText(createdAt)]),
        'there are no organisations: `berth org add NAME --owner USER` makes one',
      ),
    )
    return 0
  },
})
