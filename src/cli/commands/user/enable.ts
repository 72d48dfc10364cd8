import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const userEnable = managing({
  name: 'user enable',
  summary: 'let a user sign in again',
  about: `Lets a user sign in again who was disabled. His password and his access tokens hold as before.`,
  takes: ['NAME'],
  examples: ['berth user enable alice'],
  async run({ values, names: [name = ''], open }) {
    await using management = await open()
    printResult(
      values,
      await management.changeUser({ name, disabled: false }),
      (user) => `${user.name} may sign in again\n`,
    )
    return 0
  },
})
