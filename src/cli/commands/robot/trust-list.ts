import { managing } from '../../management/managing.ts'
import { robotOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'

export const robotTrustList = managing({
  name: 'robot trust list',
  summary: 'list which CI jobs may sign in as a robot',
  about: `Lists which jobs may sign in as a robot by the tokens of their OpenID providers, and how many of the tokens that they
were given still hold.`,
  takes: ['ORGANISATION+ROBOT'],
  examples: ['berth robot trust list acme+deploy'],
  async run({ values, names: [text = ''], open }) {
    const robot = robotOf(text)
    await using management = await open()
    printResult(values, await management.listTrusts(robot), (found) =>
      table(
        ['id', 'issuer', 'audience', 'claims', 'for', 'tokens'],
        found.trusts.map(({ id, issuer, audience, claims, scopes, tokens }) => [
          id,
          issuer,
          audience,
          Object.entries(claims)
            .map(([name, value]) => `${name}=${value}`)
            .join(' '),
          scopes === null ? 'everything' : scopes.join(' '),
          String(tokens),
        ]),
        `${found.robot} trusts no jobs: \`berth robot trust add ${found.robot}\` lets some in`,
      ),
    )
    return 0
  },
})
