import { confirm, yesFlag, yesHelp } from '../../confirm.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const userDelete = managing({
  name: 'user delete',
  summary: 'delete a user, not what he pushed',
  about: `Deletes a user with his tokens, memberships, grants and invitations, for good. What lies in his namespace stays, is
private and the administrators’, and what was granted there is gone. To keep somebody out for a while,
\`berth user disable\` is enough.

Deleting the last user does not open the registry again.`,
  takes: ['NAME'],
  options: yesFlag,
  flags: [yesHelp],
  examples: ['berth user delete bob', 'berth user delete bob --yes'],
  async run({ values, names: [name = ''], open }) {
    await using management = await open()
    await management.showUser({ name })
    await confirm(`Delete the user ${name} for good?`, { yes: values.yes, forGood: true })
    printResult(
      values,
      await management.deleteUser({ name }),
      ({ deleted }) =>
        `deleted the user ${deleted}; what was pushed to ${deleted}/… stays, is private and the administrators’\n`,
    )
    return 0
  },
})
