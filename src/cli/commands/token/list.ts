import { tokenOwner, tokensText } from '../../management/access-tokens.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const tokenList = managing({
  name: 'token list',
  summary: 'list the access tokens of a user or a robot',
  about:
    'Lists the access tokens of a user or a robot, the newest first. Their secrets nobody can show again.',
  usage: '--user NAME | --robot ROBOT',
  options: { user: { type: 'string' }, robot: { type: 'string' } },
  flags: [
    ['--user', 'whose tokens; with --server your own unless given'],
    ['--robot', 'instead of a user: a robot, such as acme+deploy'],
  ],
  examples: ['berth token list --user alice', 'berth token list --robot acme+deploy'],
  async run({ values, open }) {
    await using management = await open()
    const owner = await tokenOwner(values, management)
    printResult(values, await management.listAccessTokens({ owner }), (found) =>
      tokensText(found.tokens, `${found.owner} has no access tokens: \`berth token create\` makes one`),
    )
    return 0
  },
})
