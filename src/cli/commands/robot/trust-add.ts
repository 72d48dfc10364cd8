import { parseTokenScope } from '../../../access/token-scopes.ts'
import type { CreatedTrust } from '../../../client/robot-trusts.ts'
import { UsageError } from '../../command.ts'
import { managing } from '../../management/managing.ts'
import { robotOf, understood } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const robotTrustAdd = managing({
  name: 'robot trust add',
  summary: 'let CI jobs sign in as a robot, without a stored secret',
  about: `Lets jobs elsewhere sign in as a robot by the tokens that their OpenID provider gives them, such as GitHub Actions’ and
GitLab’s. A token must be signed by the issuer, be for the audience, and have every claim that is named; one of them
must say whose job it is. What else may sign in gets a trust of its own.`,
  takes: ['ORGANISATION+ROBOT'],
  usage: '--issuer URL --audience TEXT --claim NAME=VALUE...',
  options: {
    issuer: { type: 'string' },
    audience: { type: 'string' },
    claim: { type: 'string', multiple: true },
    scope: { type: 'string', multiple: true },
  },
  flags: [
    ['--issuer', 'who gives the tokens, to the letter: https://token.actions.githubusercontent.com'],
    ['--audience', 'whom the tokens are for: what the job asks for, such as this registry’s URL'],
    [
      '--claim',
      'what a claim must be: repository=acme/app. In a value * is anything but a slash, ** anything. May be repeated: all must fit',
    ],
    [
      '--scope',
      'repositories and what jobs may do there: acme/app:pull,push. May be repeated; without it all that the robot may',
    ],
  ],
  examples: [
    'berth robot trust add acme+deploy --issuer https://token.actions.githubusercontent.com \\\n    --audience https://registry.example.com --claim repository=acme/app --claim ref=refs/heads/main',
    'berth robot trust add acme+deploy --issuer https://gitlab.com --audience https://registry.example.com \\\n    --claim project_path=acme/app --claim ref_protected=true --scope acme/app:pull,push',
  ],
  async run({ values, names: [text = ''], open }) {
    const robot = robotOf(text)
    const { issuer, audience, claim = [], scope = [] } = values
    if (issuer === undefined || audience === undefined)
      throw new UsageError('a trust needs --issuer and --audience: who gives the tokens, and for whom')
    const scopes = scope.flatMap((part) => part.split(' ').filter((one) => one !== ''))
    for (const one of scopes) understood(one, () => parseTokenScope(one))
    const trust = { robot, issuer, audience, claims: claimsOf(claim), scopes }
    await using management = await open()
    printResult(values, await management.addTrust(trust), createdText)
    return 0
  },
})

/** @throws UsageError */
function claimsOf(texts: readonly string[]): Record<string, string> {
  const claims = new Map<string, string>()
  for (const text of texts) {
    const equals = text.indexOf('=')
    if (equals < 1)
      throw new UsageError(
        `--claim is written NAME=VALUE, such as repository=acme/app, not ${JSON.stringify(text)}`,
      )
    const name = text.slice(0, equals)
    if (claims.has(name))
      throw new UsageError(
        `--claim names ${name} twice, and both must fit: for one or the other make two trusts`,
      )
    claims.set(name, text.slice(equals + 1))
  }
  return Object.fromEntries(claims)
}

function createdText({ robot, id, issuer, audience, claims, scopes }: CreatedTrust): string {
  const wanted = Object.entries(claims).map(([name, value]) => `${name}=${value}`)
  return `${robot} trusts jobs with tokens
from   ${issuer}
for    ${audience}
where  ${wanted.join('\n       ')}
to do  ${scopes === null ? `everything that ${robot} may do` : scopes.join(' ')}

A job signs in as ${robot} with its token for a password, or exchanges it at /v2/token.
\`berth robot trust remove ${robot} ${id}\` ends it, with what jobs were given
`
}
