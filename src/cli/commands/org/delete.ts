import { confirm, yesFlag, yesHelp } from '../../confirm.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const orgDelete = managing({
  name: 'org delete',
  summary: 'delete an organisation, not what was pushed to it',
  about: `Deletes an organisation with its teams, its robots and their tokens, for good. What lies in its namespace stays,
is private and the administrators’, and what was granted there is gone.`,
  takes: ['NAME'],
  options: yesFlag,
  flags: [yesHelp],
  examples: ['berth org delete acme'],
  async run({ values, names: [name = ''], open }) {
    await using management = await open()
    await management.showOrganisation({ name })
    const question = `Delete the organisation ${name} with its teams and robots for good?`
    await confirm(question, { yes: values.yes, forGood: true })
    printResult(
      values,
      await management.deleteOrganisation({ name }),
      ({ deleted }) =>
        `deleted the organisation ${deleted}; what was pushed to ${deleted}/… stays, is private and the administrators’\n`,
    )
    return 0
  },
})
