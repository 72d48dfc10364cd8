import type { Action, Resource } from '../access/decide.ts'
import type { Refused } from '../access/refusals.ts'
import type { RegistryError } from '../oci/errors.ts'
import { isRepositoryName } from '../oci/repository-name.ts'
import { type Exchange, parameters } from './exchange.ts'

/** Where tokens are given out. Under /v2/, so that a proxy that passes on nothing else passes it on too. */
export const tokenPath = '/v2/token'

/** What a 401 says in WWW-Authenticate: how to come again. Undefined: there is no way to. */
export function challengeOf(exchange: Exchange, error: RegistryError): string | undefined {
  const { callers, refused } = exchange
  if (!callers) return undefined
  // Whoever asks for a token has nothing but a name and a password.
  if (exchange.path === tokenPath) return 'Basic realm="Berth"'
  const said = [
    ['realm', `${exchange.origin()}${tokenPath}`],
    ['service', callers.tokens.service],
    ['scope', refused && scopesOf(exchange, refused)],
    ['error', reasonOf(exchange, error)],
  ].filter(([, value]) => value !== undefined)
  return `Bearer ${said.map(([name, value]) => `${name}="${value}"`).join(',')}`
}

/** What a token would have to be for; to mount a blob, the repository that has it must be read too. */
function scopesOf(exchange: Exchange, { action, resource }: Refused): string | undefined {
  const scope = scopeOf(action, resource)
  if (action !== 'repository:push' || exchange.request.method !== 'POST') return scope
  const from = parameters(exchange).get('from') ?? ''
  return isRepositoryName(from) ? `${scope} repository:${from}:pull` : scope
}

function scopeOf(action: Action, resource: Resource): string | undefined {
  switch (action) {
    case 'registry:list':
      return 'registry:catalog:*'
    case 'registry:search':
      return 'registry:catalog:search'
    case 'repository:pull':
      return typeof resource === 'string' ? `repository:${resource}:pull` : undefined
    case 'repository:push':
      return typeof resource === 'string' ? `repository:${resource}:pull,push` : undefined
    case 'repository:delete':
      return typeof resource === 'string' ? `repository:${resource}:delete` : undefined
    default:
      return undefined
  }
}

/** Why the token that came is not enough, in the words of RFC 6750; who came with none hears nothing of it. */
function reasonOf({ refused }: Exchange, { detail }: RegistryError): string | undefined {
  switch (refused?.because) {
    case 'scope':
      return 'insufficient_scope'
    case 'disabled':
    case 'withdrawn':
      return 'invalid_token'
    default:
      return (detail as { token?: string } | undefined)?.token === 'invalid' ? 'invalid_token' : undefined
  }
}
