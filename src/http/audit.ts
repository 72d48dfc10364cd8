import { needs } from '../access/actions.ts'
import { attributionOf } from '../access/attribution.ts'
import type { Identity } from '../access/identity.ts'
import { kindOfSecret } from '../access/sign-in/secrets.ts'
import type { AuditOutcome } from '../metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { type ErrorCode, RegistryError } from '../oci/errors.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Happening } from '../registry/audit/recorder.ts'
import type { Asked, Exchange } from './exchange.ts'

/** What the audit log hears of requests; what they change is recorded where it is changed. */

/** A pull, by what the caller's rights were decided on: nothing is looked up for it. */
export function auditPull(
  exchange: Exchange,
  pull: { action: 'manifest:pull' | 'blob:pull'; repository: RepositoryName; digest: Digest },
): void {
  const { audit, identity } = exchange
  if (!audit || audit.pulls === 'none') return
  if (audit.pulls === 'private' && exchange.visibility !== 'private') return
  const { action, repository, digest } = pull
  const path = [
    identity.kind,
    identity.name,
    tokenOf(identity),
    exchange.client(),
    action,
    repository,
    digest,
  ]
  if (audit.again(path)) return
  audit.happened(path, {
    ...caller(exchange, identity),
    action,
    repository,
    digest,
    outcome: 'done',
  })
}

export function auditSignIn(exchange: Exchange, identity: Identity): void {
  const { audit } = exchange
  if (!audit || identity.kind === 'anonymous') return
  audit.happened([identity.kind, identity.name, tokenOf(identity), exchange.client(), 'sign-in'], {
    ...caller(exchange, identity),
    action: 'sign-in',
    outcome: 'done',
  })
}

/** Who came with credentials that were right has signed in, unless his account or what he came with holds no more. */
export function auditFreshSignIn(exchange: Exchange): void {
  const { identity, refused } = exchange
  if (refused?.because === 'disabled' || refused?.because === 'withdrawn')
    auditBadSignIn(exchange, identity.name, new RegistryError('UNAUTHORIZED', refused.because))
  else auditSignIn(exchange, identity)
}

/** @param claimed the name that somebody gave */
export function auditBadSignIn(exchange: Exchange, claimed: string, error: unknown): void {
  const { audit } = exchange
  if (!audit) return
  const who = nameOf(claimed)
  const code = codeOf(error)
  // Nobody was named, or nothing was given that could be verified.
  if (code === 'PARAMETER_INVALID') return
  const outcome = code === 'UNAUTHORIZED' || code === 'TOO_MANY_REQUESTS' ? 'denied' : 'failed'
  audit.happened(['unknown', who, exchange.client(), code], {
    ...nobody,
    who,
    kind: 'unknown',
    address: exchange.client(),
    request: exchange.id,
    action: 'sign-in',
    detail: JSON.stringify({ code }),
    outcome,
  })
}

/**
 * A write that came to nothing, or anything that somebody who signed in may not do. Who has not signed in is only told
 * to: clients ask so first.
 */
export function auditFailure(exchange: Exchange, error: unknown): void {
  const { audit, refused, asked, identity, request, route } = exchange
  const about: Asked | undefined = refused ?? asked
  if (!audit || !about || needs[about.action] === 'nothing') return
  const reading = request.method === 'GET' || request.method === 'HEAD'
  if (refused ? identity.kind === 'anonymous' : reading || request.signal.aborted) return
  const code = codeOf(error)
  const outcome: AuditOutcome = refused || code === 'DENIED' ? 'denied' : 'failed'
  const { action, resource } = about
  const repository = typeof resource === 'string' ? resource : null
  const subject = typeof resource === 'object' ? `${resource.kind}:${resource.name}` : null
  const where = `${repository} ${subject} ${request.method} ${route} ${code}`
  audit.happened([identity.kind, identity.name, tokenOf(identity), exchange.client(), action, where], {
    ...caller(exchange, identity),
    action,
    repository,
    subject,
    detail: JSON.stringify({ code, method: request.method, route }),
    outcome,
  })
}

const nobody = {
  account: null,
  token: null,
  address: null,
  request: null,
  repository: null,
  digest: null,
  subject: null,
  detail: null,
} satisfies Partial<Happening>

function caller(exchange: Exchange, identity: Identity): Omit<Happening, 'action' | 'outcome'> {
  const by = attributionOf(identity, { address: exchange.client(), request: exchange.id })
  return {
    ...nobody,
    who: by.caller,
    kind: by.kind,
    account: by.account,
    token: by.accessToken,
    address: by.address,
    request: by.request,
  }
}

function tokenOf(identity: Identity): string {
  return (identity.kind !== 'operator' && identity.bound?.accessToken) || '-'
}

function codeOf(error: unknown): ErrorCode | 'UNKNOWN' {
  return error instanceof RegistryError ? error.code : 'UNKNOWN'
}

const longestName = 100

/** What was given as a name may be anything, a secret in the wrong field among it. */
function nameOf(claimed: string): string {
  if (claimed === '') return '(none)'
  if (kindOfSecret(claimed)) return '(a token)'
  const short = claimed.length > longestName ? `${claimed.slice(0, longestName)}…` : claimed
  return short.toWellFormed().replaceAll(/\p{C}/gu, '?')
}
