import { parseExpiry } from '../../access/expiry.ts'
import { parseTokenScope } from '../../access/token-scopes.ts'
import type {
  AccessToken,
  CreatedAccessToken,
  NewAccessToken,
  TokenOwner,
} from '../../client/access-management.ts'
import type { Management } from '../../client/management.ts'
import { UsageError } from '../command.ts'
import { table } from '../output/table.ts'
import { dayText } from '../output/units.ts'
import { robotOf, understood } from './names.ts'

export const newTokenFlags = {
  name: { type: 'string' },
  scope: { type: 'string', multiple: true },
  expires: { type: 'string' },
  address: { type: 'string', multiple: true },
  quiet: { type: 'boolean' },
} as const

export const newTokenHelp: readonly [string, string][] = [
  ['--name', 'what you know it by, such as ci [token]'],
  [
    '--scope',
    'repositories and what it may do there: alice/app:pull,push. Patterns: * within a part of a name, ** across parts. Verbs: pull, push, delete, *. May be repeated; without it the token may all that its owner may',
  ],
  ['--expires', 'when it ends: 90s, 12h, 30d, 1y, 2027-01-31 or never [90d]'],
  ['--address', 'an address or a range that it may be used from, such as 192.0.2.0/24; may be repeated'],
  ['--quiet', 'print the token alone, for scripts'],
]

interface NewTokenValues {
  readonly name?: string | undefined
  readonly scope?: readonly string[] | undefined
  readonly expires?: string | undefined
  readonly address?: readonly string[] | undefined
}

/** What the flags ask for. @throws UsageError */
export function newToken(values: NewTokenValues, owner: TokenOwner): NewAccessToken {
  const { name = 'token', scope = [], expires = '90d', address = [] } = values
  // Several scopes may come as one argument.
  const scopes = scope.flatMap((text) => text.split(' ').filter((part) => part !== ''))
  if (scope.length > 0 && scopes.length === 0)
    throw new UsageError('--scope is empty: leave it out for a token that may all that its owner may')
  for (const text of scopes) understood(text, () => parseTokenScope(text))
  understood(expires, () => parseExpiry(expires, Date.now()))
  return { owner, name, scopes, expires, addresses: address }
}

interface OwnerValues {
  readonly user?: string | undefined
  readonly robot?: string | undefined
}

/** Whose tokens the flags mean; with neither the caller's own. @throws UsageError */
export async function tokenOwner(values: OwnerValues, management: Management): Promise<TokenOwner> {
  const { user, robot } = values
  if (user !== undefined && robot !== undefined)
    throw new UsageError('--user and --robot are two owners: give one')
  if (robot !== undefined) return { kind: 'robot', ...robotOf(robot) }
  if (user !== undefined) return { kind: 'user', name: user }
  const { kind, name } = await management.whoAmI()
  if (kind !== 'user') throw new UsageError('whose tokens? Add --user NAME or --robot ROBOT')
  return { kind, name }
}

export function createdTokenText(token: CreatedAccessToken): string {
  const { owner, name, scopes, addresses, expiresAt } = token
  return `made the token ${JSON.stringify(name)} of ${owner}
for    ${scopes === null ? `everything that ${owner} may do` : scopes.join(' ')}
until  ${expiresAt === null ? 'it is revoked' : dayText(expiresAt)}
from   ${addresses === null ? 'everywhere' : addresses.join(' ')}

  ${token.token}

It is shown this once. It goes in the place of the password: \`docker login -u ${owner} REGISTRY\`
\`berth token revoke ${token.id}\` ends it
`
}

export function tokensText(tokens: readonly AccessToken[], nothing: string): string {
  return table(
    ['id', 'name', 'for', 'until', 'last used', 'from'],
    tokens.map(({ id, name, scopes, expiresAt, expired, lastUsedAt, addresses }) => [
      id,
      name,
      scopes === null ? 'everything' : scopes.join(' '),
      expiresAt === null ? 'revoked' : `${dayText(expiresAt)}${expired ? ' (over)' : ''}`,
      lastUsedAt === null ? 'never' : dayText(lastUsedAt),
      addresses === null ? 'everywhere' : addresses.join(' '),
    ]),
    nothing,
  )
}
