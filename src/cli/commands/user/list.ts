import { everyEntry } from '../../management/management.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { dayText } from '../../output/units.ts'

export const userList = managing({
  name: 'user list',
  summary: 'list the users',
  about: 'Lists the users by name.',
  examples: ['berth user list', 'berth user list --output json'],
  async run({ values, open }) {
    await using management = await open()
    const users = await everyEntry(
      (page) => management.listUsers(page),
      (page) => page.users,
    )
    printResult(values, { users }, () =>
      table(
        ['name', 'email', 'from', 'may', 'since'],
        users.map(({ name, email, admin, disabled, directory, createdAt }) => [
          name,
          email ?? '-',
          directory ?? 'here',
          [admin ? 'administer' : 'sign in', ...(disabled ? ['(disabled)'] : [])].join(' '),
          dayText(createdAt),
        ]),
        'there are no users: `berth user add NAME --admin` makes the first, who closes the registry if it is open',
      ),
    )
    return 0
  },
})
