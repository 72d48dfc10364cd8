import { anonymous, type Identity } from '../access/identity.ts'
import { longestToken } from '../access/sign-in/bearer-tokens.ts'
import type { Callers } from '../access/sign-in/open-sign-in.ts'
import { kindOfSecret } from '../access/sign-in/secrets.ts'
import type { SignIn } from '../access/sign-in/sign-in.ts'
import { RegistryError } from '../oci/errors.ts'

/**
 * Who sends this header, Basic or Bearer. An open registry takes whatever its clients once stored.
 * @param address of the client; asked for where it matters
 * @throws UNAUTHORIZED, TOO_MANY_REQUESTS
 */
export function authenticate(
  header: string,
  { signIn, closed }: Callers,
  address: () => string,
): Identity | Promise<Identity> {
  const open = closed()
  if (open === true) return recalled(header, signIn, address) ?? identityIn(header, signIn, address)
  if (open === false) return anonymous
  return open.then((isClosed) => (isClosed ? identityIn(header, signIn, address) : anonymous))
}

const bearer = 'Bearer '

/** Each request of a pull has the same token. */
function recalled(header: string, signIn: SignIn, address: () => string): Identity | undefined {
  return header.startsWith(bearer) ? signIn.recall(header.slice(bearer.length), address) : undefined
}

function identityIn(header: string, signIn: SignIn, address: () => string): Identity | Promise<Identity> {
  // No header that is any good is longer.
  if (header.length > longestToken + bearer.length) throw unreadable()
  const space = header.indexOf(' ')
  const scheme = header.slice(0, space).toLowerCase()
  const rest = header.slice(space + 1).trim()
  if (scheme === 'bearer') return signIn.withBearer(rest, address)
  if (scheme !== 'basic') throw unreadable()
  const text = Buffer.from(rest, 'base64').toString('utf8')
  // Some clients send what they don't have.
  if (text === ':') return anonymous
  const colon = text.indexOf(':')
  if (colon < 0) throw unreadable()
  const [name, password] = [text.slice(0, colon), text.slice(colon + 1)]
  return signIn.withPassword({ name, password, address: address() })
}

/** The name that somebody gave with a password or an access token; undefined: he came with a bearer token, or nothing. */
export function claimedName(header: string): string | undefined {
  const [scheme = '', rest = ''] = header.split(' ', 2)
  if (scheme.toLowerCase() === 'bearer') return kindOfSecret(rest) ? '' : undefined
  return Buffer.from(rest, 'base64').toString('utf8').split(':', 1)[0]
}

function unreadable(): RegistryError {
  return new RegistryError(
    'UNAUTHORIZED',
    'the header Authorization is neither Basic nor Bearer, as they should be',
  )
}
