import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const tokenRevoke = managing({
  name: 'token revoke',
  summary: 'end an access token',
  about: `Ends an access token, at once and for good, with everything that was signed in with it. \`berth token list\` shows
the IDs.`,
  takes: ['ID'],
  examples: ['berth token revoke 5d0c6a1e-0d5b-4b3e-9c39-8a4d0f3c2b10'],
  async run({ values, names: [id = ''], open }) {
    await using management = await open()
    printResult(
      values,
      await management.revokeAccessToken({ id }),
      ({ owner }) => `the token of ${owner} holds no more\n`,
    )
    return 0
  },
})
