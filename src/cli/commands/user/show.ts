import { managing } from '../../management/managing.ts'
import { userText } from '../../management/user-text.ts'
import { printResult } from '../../output/result.ts'

export const userShow = managing({
  name: 'user show',
  summary: 'show a user',
  about: 'Shows a user.',
  takes: ['NAME'],
  examples: ['berth user show alice'],
  async run({ values, names: [name = ''], open }) {
    await using management = await open()
    printResult(values, await management.showUser({ name }), userText)
    return 0
  },
})
