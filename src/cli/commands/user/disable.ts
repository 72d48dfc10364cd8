import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const userDisable = managing({
  name: 'user disable',
  summary: 'keep a user from signing in',
  about: `Keeps a user from signing in, at once: neither his password nor any token of his holds from now on. What he has
stays, and \`berth user enable\` lets him in again.`,
  takes: ['NAME'],
  examples: ['berth user disable alice'],
  async run({ values, names: [name = ''], open }) {
    await using management = await open()
    printResult(
      values,
      await management.changeUser({ name, disabled: true }),
      (user) => `${user.name} is disabled: he can’t sign in, and none of his tokens holds\n`,
    )
    return 0
  },
})
