import type { AccessFacts, AccessQuestion, DecidesAccess } from '../metadata/accounts-store.ts'
import type { Action, Decision, Resource } from './actions.ts'
import { anonymous, type Bound, type Identity } from './identity.ts'
import { namespaceOf } from './names.ts'
import {
  accountActions,
  type Caller,
  judge,
  judgeUnseen,
  open,
  type Right,
  type Situation,
  type SituationBound,
  type Switches,
} from './policy.ts'
import { readScopes } from './scope.ts'
import { addressRanges } from './sign-in/addresses.ts'

export type { Action, Decision, DeniedBecause, NamedResource, Resource } from './actions.ts'
export { anonymous, type Identity }

/** Looks at the rights as they are now. Where nothing must be asked for, the answer is there at once. */
export type Decide = (identity: Identity, action: Action, resource: Resource) => Decision | Promise<Decision>

export interface DecideOptions {
  readonly metadata: DecidesAccess
  readonly switches: Switches
  /** Milliseconds since 1970. */
  now(): number
}

/** The one place that decides. A registry without accounts is open, as registry:2 is. */
export function createDecide(options: DecideOptions): Decide {
  const { metadata } = options
  /** As of which state of the accounts the registry is known to be open. */
  let openAt: number | undefined
  const decideBy = (facts: AccessFacts, asked: Omit<Asked, 'facts'>, stamp: number | undefined) => {
    openAt = facts.closed ? undefined : stamp
    return until(judge(asked.action, situationOf({ ...asked, facts })), asked.identity, facts)
  }
  const lookUp = (asked: Omit<Asked, 'facts'>, stamp: number | undefined) => {
    const facts = metadata.accessFacts(questionOf(asked.identity, asked.resource))
    return facts instanceof Promise
      ? facts.then((found) => decideBy(found, asked, stamp))
      : decideBy(facts, asked, stamp)
  }
  return (identity, action, resource) => {
    const unseen = judgeUnseen(action)
    if (unseen) return unseen
    const stamp = metadata.accessStamp?.()
    if (stamp !== undefined && stamp === openAt && !accountActions.has(action)) return open
    return lookUp({ identity, action, resource, switches: options.switches, now: options.now() }, stamp)
  }
}

/** What an access token allows ends with it. */
function until(decision: Decision, identity: Identity, { accessToken }: AccessFacts): Decision {
  const expiry = boundOf(identity)?.accessToken === undefined ? undefined : accessToken?.expiresAt
  return expiry === undefined ? decision : { ...decision, until: expiry }
}

/** What must be known of the caller, and of what he wants to do something to. */
export function questionOf(identity: Identity, resource: Resource): AccessQuestion {
  const named = typeof resource === 'object' ? resource : undefined
  const repository = typeof resource === 'string' ? resource : ''
  return {
    user: identity.kind === 'user' ? identity.id : '',
    robot: identity.kind === 'robot' ? identity.id : '',
    accessToken: boundOf(identity)?.accessToken ?? '',
    repository,
    namespace: named?.kind === 'namespace' ? named.name : namespaceOf(repository),
    organisation: named?.kind === 'organisation' ? named.name : '',
  }
}

interface Asked {
  readonly identity: Identity
  readonly action: Action
  readonly resource: Resource
  readonly facts: AccessFacts
  readonly switches: Switches
  readonly now: number
}

function situationOf(asked: Asked): Situation {
  const { identity, resource, facts, switches } = asked
  const named = typeof resource === 'object' ? resource : undefined
  return {
    closed: facts.closed,
    switches,
    caller: callerOf(asked),
    right: rightOf(identity, facts),
    on: kindOf(resource),
    repository: typeof resource === 'string' ? resource : '',
    visibility: facts.visibility,
    memberRole: facts.organisation?.role,
    self: named?.kind === 'user' && identity.kind === 'user' && named.name === identity.name,
    bounds: boundsOf(identity, facts),
  }
}

function kindOf(resource: Resource): Situation['on'] {
  if (resource === undefined) return 'registry'
  return typeof resource === 'string' ? 'repository' : resource.kind
}

function callerOf({ identity, facts, now }: Asked): Caller {
  const { kind } = identity
  if (kind === 'anonymous' || kind === 'operator') return { kind, admin: false, standing: 'good' }
  const { account } = facts
  const admin = kind === 'user' && account?.admin === true
  if (!account || account.disabled) return { kind, admin, standing: 'disabled' }
  const holds =
    account.generation === identity.generation && accessTokenHolds(identity, facts.accessToken, now)
  return { kind, admin, standing: holds ? 'good' : 'withdrawn' }
}

/** Whether the access token that he came with is still there, his, and good from where he is. */
function accessTokenHolds(
  { id, bound }: { id: string; bound?: Bound },
  token: AccessFacts['accessToken'],
  now: number,
): boolean {
  if (!bound?.accessToken) return true
  if (!token || token.owner !== id || (token.expiresAt ?? Number.POSITIVE_INFINITY) <= now) return false
  if (token.addresses === undefined) return true
  return addressRanges(JSON.parse(token.addresses) as string[]).has(bound.address ?? '')
}

function boundOf(identity: Identity): Bound | undefined {
  return identity.kind === 'operator' ? undefined : identity.bound
}

/** The limits of what he came with. */
export function boundsOf(identity: Identity, { accessToken }: AccessFacts): SituationBound[] {
  const bearer = boundOf(identity)?.scopes
  return [
    ...(bearer ? [{ kind: 'bearer token', scopes: bearer } as const] : []),
    ...(accessToken?.scopes === undefined
      ? []
      : [{ kind: 'access token', scopes: readScopes(accessToken.scopes) } as const]),
  ]
}

/** The highest of what he has there. */
function rightOf(identity: Identity, facts: AccessFacts): Right | undefined {
  const { namespace, ownerRole, granted, account } = facts
  if (identity.kind === 'anonymous' || identity.kind === 'operator') return undefined
  if (namespace?.ownerKind === 'user' && namespace.owner === identity.id)
    return { role: 'admin', why: 'the namespace is his own' }
  if (namespace?.ownerKind === 'organisation' && ownerRole === 'owner')
    return { role: 'admin', why: 'he is an owner of the organisation whose namespace it is' }
  if (identity.kind === 'robot') {
    return namespace?.owner !== undefined && namespace.owner === account?.organisation
      ? { role: 'maintain', why: 'it is a robot of the organisation whose namespace it is' }
      : undefined
  }
  return granted && { role: granted, why: 'granted to him or to a team of his' }
}
