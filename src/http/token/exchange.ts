import type { Callers } from '../../access/sign-in/open-sign-in.ts'
import { RegistryError } from '../../oci/errors.ts'
import { auditBadSignIn, auditSignIn } from '../audit.ts'
import { type Exchange, json } from '../exchange.ts'

/** RFC 8693: a token of somebody else's in turn for one of ours. */
export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

const tokenType = (name: string) => `urn:ietf:params:oauth:token-type:${name}`
const subjectTypes = ['jwt', 'id_token', 'access_token'].map(tokenType)

/**
 * A job's token for an access token of the robot that it signs in as. Which robot stands in `username`, as with a
 * password.
 * @throws PARAMETER_INVALID, UNAUTHORIZED, TOO_MANY_REQUESTS, ISSUER_UNAVAILABLE
 */
export async function exchangeToken(
  exchange: Exchange,
  { workload }: Callers,
  form: URLSearchParams,
): Promise<Response> {
  requireKnownForm(form)
  // A plus sign that was not encoded arrives as a space, which no name has.
  const name = needed(form, 'username', 'the robot to sign in as, such as acme+deploy').replace(' ', '+')
  // As a file or a shell hands it on, with a line's end.
  const token = needed(form, 'subject_token', 'the token that the job was given').trim()
  const given = await workload
    .exchange({ name, token, address: exchange.client() })
    .catch((error: unknown) => {
      auditBadSignIn(exchange, name, error)
      throw error
    })
  exchange.identity = given.robot
  auditSignIn(exchange, given.robot)
  const body = {
    access_token: given.token,
    issued_token_type: tokenType('access_token'),
    token_type: 'Bearer',
    expires_in: given.expiresIn,
    issued_at: new Date(given.issuedAt).toISOString(),
    username: given.robot.name,
  }
  return json(exchange, body, { 'Cache-Control': 'no-store' })
}

/** What would go unheard is refused: who asks for a narrower token must not get a wider one. */
function requireKnownForm(form: URLSearchParams): void {
  const type = form.get('subject_token_type')
  if (type === null || !subjectTypes.includes(type))
    throw new RegistryError('PARAMETER_INVALID', `subject_token_type is one of ${subjectTypes.join(', ')}`)
  const requested = form.get('requested_token_type')
  if (requested !== null && requested !== tokenType('access_token'))
    throw new RegistryError('PARAMETER_INVALID', `requested_token_type is ${tokenType('access_token')}`)
  for (const name of ['scope', 'actor_token', 'resource'])
    if (form.has(name))
      throw new RegistryError(
        'PARAMETER_INVALID',
        `the parameter ${name} is not taken here: what the token is for is said by the robot’s trust`,
      )
}

function needed(form: URLSearchParams, name: string, what: string): string {
  const value = form.get(name)
  if (value) return value
  throw new RegistryError('PARAMETER_INVALID', `the parameter ${name} is missing: ${what}`)
}
