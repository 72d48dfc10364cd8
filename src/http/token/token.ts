import type { Identity } from '../../access/identity.ts'
import type { Callers } from '../../access/sign-in/open-sign-in.ts'
import { parseScopes, scopeText } from '../../access/sign-in/scopes.ts'
import type { GrantedToken, TokenRequest } from '../../access/sign-in/token-service.ts'
import { RegistryError } from '../../oci/errors.ts'
import { auditBadSignIn, auditSignIn } from '../audit.ts'
import { authorize, type Exchange, json, parameters } from '../exchange.ts'
import { exchangeToken, tokenExchange } from './exchange.ts'
import { readForm } from './form.ts'

/**
 * The token endpoint of the distribution's protocol: `GET` with Basic or with nothing, and `POST` as OAuth2 has it. A
 * partial grant is no error: the token is for what the caller may do.
 * @throws UNAUTHORIZED, PARAMETER_INVALID, METHOD_NOT_ALLOWED, TOO_MANY_REQUESTS
 */
export async function token(exchange: Exchange): Promise<Response> {
  exchange.route = 'token'
  const { callers, request } = exchange
  if (!callers) throw new RegistryError('UNSUPPORTED', 'this server gives out no tokens')
  await authorize(exchange, 'server:greet', undefined)
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return byCredentials(exchange, callers)
    case 'POST':
      return byForm(exchange, callers)
    default:
      throw new RegistryError('METHOD_NOT_ALLOWED', 'this path takes GET, HEAD, POST', {
        detail: { allow: ['GET', 'HEAD', 'POST'] },
      })
  }
}

async function byCredentials(exchange: Exchange, { tokens }: Callers): Promise<Response> {
  const query = parameters(exchange)
  requireService(query, tokens.service)
  const { identity } = exchange
  // A token that bought others would never expire.
  if (identity.kind !== 'operator' && identity.bound?.scopes)
    throw new RegistryError(
      'UNAUTHORIZED',
      'tokens are given for a password or an access token, not for a token',
    )
  const granted = await granting(exchange, tokens, {
    identity,
    scopes: parseScopes(query.getAll('scope')),
    offline: query.get('offline_token') === 'true' || query.get('access_type') === 'offline',
  })
  return answer(exchange, granted)
}

async function byForm(exchange: Exchange, callers: Callers): Promise<Response> {
  const form = await readForm(exchange)
  requireService(form, callers.tokens.service)
  if (form.get('grant_type') === tokenExchange) return exchangeToken(exchange, callers, form)
  const identity = await identityIn(exchange, callers, form).catch((error: unknown) => {
    auditBadSignIn(exchange, form.get('username') ?? '', error)
    throw error
  })
  exchange.identity = identity
  const offline = form.get('access_type') === 'offline' || form.get('offline_token') === 'true'
  const scopes = parseScopes(form.getAll('scope'))
  const granted = await granting(exchange, callers.tokens, { identity, scopes, offline })
  // Who refreshed goes on with the refresh token that he has.
  const refreshToken =
    form.get('grant_type') === 'refresh_token' ? form.get('refresh_token') : granted.refreshToken
  return answer(exchange, { ...granted, refreshToken: refreshToken ?? undefined })
}

/** A token is given to who still is who he was: then he has signed in. */
async function granting(
  exchange: Exchange,
  tokens: Callers['tokens'],
  request: TokenRequest,
): Promise<GrantedToken> {
  const { identity } = request
  try {
    const granted = await tokens.grant(request)
    auditSignIn(exchange, identity)
    return granted
  } catch (error) {
    if (identity.kind !== 'anonymous') auditBadSignIn(exchange, identity.name, error)
    throw error
  }
}

async function identityIn(
  exchange: Exchange,
  { signIn, tokens }: Callers,
  form: URLSearchParams,
): Promise<Identity> {
  const needed = (name: string): string => {
    const value = form.get(name)
    if (value === null) throw new RegistryError('PARAMETER_INVALID', `the parameter ${name} is missing`)
    return value
  }
  switch (form.get('grant_type')) {
    case 'password': {
      const [name, password] = [needed('username'), needed('password')]
      return signIn.withPassword({ name, password, address: exchange.client() })
    }
    case 'refresh_token':
      return tokens.refreshed(needed('refresh_token'), exchange.client())
    default:
      throw new RegistryError(
        'PARAMETER_INVALID',
        `grant_type is password, refresh_token or ${tokenExchange}`,
      )
  }
}

/** Which registry the token is for: this one gives tokens for itself alone. */
function requireService(given: URLSearchParams, service: string): void {
  const asked = given.get('service')
  if (asked !== null && asked !== '' && asked !== service)
    throw new RegistryError(
      'PARAMETER_INVALID',
      `tokens are given here for the service ${service} alone, as the challenge of a 401 says: ask for that, or for none`,
      {
        detail: { service },
      },
    )
}

function answer(
  exchange: Exchange,
  { token: text, expiresIn, issuedAt, scopes, refreshToken }: GrantedToken,
): Response {
  const body = {
    token: text,
    access_token: text,
    token_type: 'Bearer',
    expires_in: expiresIn,
    issued_at: new Date(issuedAt).toISOString(),
    scope: scopes.map(scopeText).join(' '),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  }
  return json(exchange, body, { 'Cache-Control': 'no-store' })
}

/** `GET /.well-known/jwks.json`: what others verify the registry's tokens with. */
export async function publishedKeys(exchange: Exchange): Promise<Response> {
  const { callers } = exchange
  if (!callers) throw new RegistryError('UNSUPPORTED', 'this server gives out no tokens')
  return json(exchange, await callers.publishedKeys(), { 'Cache-Control': 'public, max-age=60' })
}
