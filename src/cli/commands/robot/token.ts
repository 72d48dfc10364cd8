import { createdTokenText, newToken, newTokenFlags, newTokenHelp } from '../../management/access-tokens.ts'
import { managing } from '../../management/managing.ts'
import { robotOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const robotToken = managing({
  name: 'robot token',
  summary: 'make an access token for a robot',
  about: `Makes an access token that a robot signs in with: its name is the robot’s, acme+deploy, and the token the password.
It is shown this once. \`berth token list --robot\` and \`berth token revoke\` look after it.`,
  takes: ['ORGANISATION+ROBOT'],
  usage: '[--scope SCOPE]... [--expires WHEN]',
  options: newTokenFlags,
  flags: newTokenHelp,
  examples: ["berth robot token acme+deploy --scope 'acme/**:pull' --expires 1y --quiet"],
  async run({ values, names: [text = ''], open }) {
    const token = newToken(values, { kind: 'robot', ...robotOf(text) })
    await using management = await open()
    printResult(values, await management.createAccessToken(token), (created) =>
      values.quiet ? `${created.token}\n` : createdTokenText(created),
    )
    return 0
  },
})
