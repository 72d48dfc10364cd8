import type { MemberRole, Role, Visibility } from '../metadata/accounts-store.ts'
import { type Action, type Decision, type DeniedBecause, type Need, needs } from './actions.ts'
import type { Scope } from './scope.ts'

/** Everything that a decision goes by, gathered beforehand: the policy itself looks nothing up. */
export interface Situation {
  /** Whether the registry has, or ever had, accounts. */
  readonly closed: boolean
  readonly switches: Switches
  readonly caller: Caller
  /** What the caller may do where the action would happen; without what is public. */
  readonly right: Right | undefined
  /** Whether there is something that the action is done to, or only the registry as a whole. */
  readonly on: 'registry' | 'repository' | 'namespace' | 'organisation' | 'user'
  /** The repository's name, for scopes; empty where there is none. */
  readonly repository: string
  readonly visibility: Visibility | undefined
  /** What the caller is in the organisation that it is done to. */
  readonly memberRole: MemberRole | undefined
  /** Whether it is done to the caller's own account. */
  readonly self: boolean
  /** What the caller came with: each must be wide enough. */
  readonly bounds: readonly SituationBound[]
}

export interface Switches {
  /** Whether who has not signed in may read what is public. */
  readonly anonymous: boolean
  readonly registration: 'off' | 'invite' | 'open'
}

export interface Caller {
  readonly kind: 'anonymous' | 'user' | 'robot' | 'operator'
  readonly admin: boolean
  /** Whether he still is who he was when he signed in. */
  readonly standing: 'good' | 'disabled' | 'withdrawn'
}

export interface Right {
  readonly role: Role
  /** In words: where it comes from. */
  readonly why: string
}

export interface SituationBound {
  readonly kind: 'bearer token' | 'access token'
  readonly scopes: readonly Scope[]
}

/** The whole model: who may do what. */
export function judge(action: Action, situation: Situation): Decision {
  const { caller, closed } = situation
  if (caller.kind === 'operator') return allowed('whoever has the data itself may do anything', true)
  if (!closed) return judgeOpen(action)
  if (needs[action] === 'nothing') return everybody
  if (caller.standing !== 'good') return denied(caller.standing, standingReasons[caller.standing])
  const decision =
    caller.kind === 'anonymous' ? judgeAnonymous(action, situation) : judgeRight(action, situation)
  if (!decision.allow) return decision
  const tight = situation.bounds.find((bound) => !isWithin(action, situation, bound))
  if (tight) {
    const because = caller.kind === 'anonymous' ? 'anonymous' : 'scope'
    return denied(because, `the ${tight.kind} is not for this; without it: ${decision.reason}`)
  }
  return { ...decision, mayPush: mayPush(situation), visibility: situation.visibility }
}

/** A registry without accounts is open, as registry:2 is. There is nobody whose accounts could be administered. */
function judgeOpen(action: Action): Decision {
  return accountActions.has(action) ? withoutAccounts : open
}

export const open: Decision = allowed('the registry is open: it has no accounts', true)

const everybody: Decision = allowed('everybody may', false)

/** What is decided without a look at anything: whether the server lives must be told while its database is away. */
export function judgeUnseen(action: Action): Decision | undefined {
  return needs[action] === 'nothing' ? everybody : undefined
}

const withoutAccounts = denied(
  'anonymous',
  'the registry is open: it has no accounts, and the first one closes it',
)

export const accountActions: ReadonlySet<Action> = new Set([
  'accounts:administer',
  'repository:configure',
  'repository:grant',
  'namespace:show',
  'namespace:configure',
  'namespace:grant',
  'organisation:create',
  'organisation:show',
  'organisation:administer',
  'account:self',
])

const standingReasons = {
  disabled: 'the account is disabled or gone',
  withdrawn: 'what the caller signed in with does not hold any more',
} as const

function judgeAnonymous(action: Action, { switches, visibility, on, bounds }: Situation): Decision {
  if (!switches.anonymous)
    return denied('closed-to-anonymous', 'anonymous access is switched off (setting access.anonymous)')
  const need = needs[action]
  if (need === 'anonymous') return allowed('everybody may search what is public', false)
  // Clients decide by a 401 whether to send credentials. Who comes with a token has been asked already.
  if (need === 'sign-in' && bounds.length > 0)
    return allowed('an anonymous token reads what is public', false)
  if (need === 'read' && on === 'repository' && visibility === 'public') return allowed(isPublic, false)
  return denied('anonymous', 'nobody has signed in, and it is not for everybody')
}

const isPublic = 'the repository is public'

function judgeRight(action: Action, situation: Situation): Decision {
  const { caller } = situation
  if (caller.admin) return allowed('administrators may do anything', true)
  const found = meets(needs[action], situation)
  return found === undefined
    ? denied('no-right', `it takes ${inWords(needs[action])}, and ${lacking(situation)}`)
    : allowed(found, false)
}

/** Why the need is met; undefined: it is not. */
function meets(need: Need, situation: Situation): string | undefined {
  const { caller, right, visibility, memberRole, self, switches, on } = situation
  switch (need) {
    case 'nothing':
    case 'anonymous':
    case 'sign-in':
      return 'everybody who signs in may; what he may not read is not shown'
    case 'administrator':
      return undefined
    case 'founder':
      return switches.registration === 'open' && caller.kind === 'user'
        ? 'where anybody may register, users may make organisations (setting access.registration)'
        : undefined
    case 'member':
      return memberRole && `an ${memberRole === 'owner' ? 'owner' : 'ordinary member'} of the organisation`
    case 'owner':
      return memberRole === 'owner' ? 'an owner of the organisation' : undefined
    case 'self':
      return self ? 'it is his own account' : undefined
    default:
      if (on !== 'repository' && on !== 'namespace') return undefined
      if (right && includes(right.role, need)) return `${right.role}: ${right.why}`
      return need === 'read' && visibility === 'public' ? isPublic : undefined
  }
}

const ranks = { read: 1, write: 2, maintain: 3, admin: 4 } as const satisfies Record<Role, number>

/** Whether one role may do what the other may. */
export function includes(role: Role, other: Role): boolean {
  return ranks[role] >= ranks[other]
}

function inWords(need: Need): string {
  switch (need) {
    case 'read':
    case 'write':
    case 'maintain':
    case 'admin':
      return `the role ${need}`
    case 'administrator':
    case 'founder':
      return 'an administrator'
    case 'member':
    case 'owner':
      return `${need === 'owner' ? 'an owner' : 'a member'} of the organisation`
    default:
      return 'the account itself'
  }
}

function lacking({ right, visibility, on }: Situation): string {
  if (right) return `the caller has ${right.role}: ${right.why}`
  if (on !== 'repository') return 'the caller is none'
  if (visibility === 'public') return 'the caller has only what everybody has: the repository is public'
  return 'the caller has no role there'
}

function mayPush(situation: Situation): boolean {
  const { caller, right, on, bounds } = situation
  if (on !== 'repository' || caller.kind === 'anonymous') return false
  const may = caller.admin || (right !== undefined && includes(right.role, 'write'))
  return may && bounds.every((bound) => isWithin('repository:push', situation, bound))
}

/** What a scope must name for an action on a repository. */
const scopeActions: Readonly<Partial<Record<Action, string>>> = {
  'repository:pull': 'pull',
  'repository:push': 'push',
  'repository:delete': 'delete',
  'trash:list': 'push',
  'trash:empty': 'delete',
}

/** Whether what the caller came with is wide enough. */
export function isWithin(
  action: Action,
  { on, repository }: Pick<Situation, 'on' | 'repository'>,
  { kind, scopes }: SituationBound,
): boolean {
  switch (action) {
    case 'server:greet':
    case 'registry:ping':
      return true
    case 'registry:list':
    case 'registry:search':
      // The lists that an access token gets show only what its scopes cover.
      return kind === 'access token' || scopes.some((scope) => coversCatalog(scope, action))
  }
  if (on !== 'repository') return false
  const wanted = scopeActions[action] ?? '*'
  return scopes.some(
    (scope) =>
      scope.type === 'repository' &&
      (scope.actions.includes(wanted) || scope.actions.includes('*')) &&
      covers(scope.name, repository, kind),
  )
}

function coversCatalog({ type, name, actions }: Scope, action: Action): boolean {
  if (type !== 'registry' || name !== 'catalog') return false
  return actions.includes('*') || (action === 'registry:search' && actions.includes('search'))
}

/** A bearer token names repositories, an access token may hold globs. */
export function covers(pattern: string, repository: string, kind: SituationBound['kind']): boolean {
  if (pattern === repository) return true
  return kind === 'access token' && /[*?[{]/.test(pattern) && new Bun.Glob(pattern).match(repository)
}

function allowed(reason: string, mayPush: boolean): Decision {
  return { allow: true, reason, mayPush }
}

function denied(because: DeniedBecause, reason: string): Decision {
  return { allow: false, because, reason }
}
