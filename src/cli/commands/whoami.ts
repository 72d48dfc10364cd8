import { managing } from '../management/managing.ts'
import { printResult } from '../output/result.ts'

export const whoami = managing({
  name: 'whoami',
  summary: 'tell who you are to a registry',
  about: `Tells who you are to a registry: with --server whom \`berth login\` signed in, and on a data directory its operator,
who may do everything.`,
  examples: ['berth whoami --server https://registry.example.com'],
  async run({ values, open }) {
    await using management = await open()
    printResult(values, await management.whoAmI(), ({ kind, name, admin, accessToken }) => {
      if (kind === 'anonymous') return 'nobody: the registry is open to everybody\n'
      const what = kind === 'operator' ? 'who has the data itself' : admin ? 'an administrator' : `a ${kind}`
      return `${name}, ${what}${accessToken ? ', with an access token' : ''}\n`
    })
    return 0
  },
})
