import {
  createdTokenText,
  newToken,
  newTokenFlags,
  newTokenHelp,
  tokenOwner,
} from '../../management/access-tokens.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const tokenCreate = managing({
  name: 'token create',
  summary: 'make an access token, which goes in the place of a password',
  about: `Makes an access token of a user: a secret for one purpose, which goes in the place of the password, may less than
its owner, ends by itself, and can be revoked alone. It is shown this once. For machines that belong to nobody,
\`berth robot token\` makes tokens of robots.`,
  usage: '--user NAME [--scope SCOPE]... [--expires WHEN]',
  options: { ...newTokenFlags, user: { type: 'string' }, robot: { type: 'string' } },
  flags: [
    ['--user', 'whose token it is; with --server your own unless given'],
    ['--robot', 'instead of a user: a robot, such as acme+deploy'],
    ...newTokenHelp,
  ],
  examples: [
    "berth token create --user alice --scope 'alice/app:pull,push' --expires 30d",
    "berth token create --user alice --scope 'alice/**:pull' --address 192.0.2.0/24 --quiet",
  ],
  async run({ values, open }) {
    await using management = await open()
    const token = newToken(values, await tokenOwner(values, management))
    printResult(values, await management.createAccessToken(token), (created) =>
      values.quiet ? `${created.token}\n` : createdTokenText(created),
    )
    return 0
  },
})
