import { describe, expect, test } from 'bun:test'
import type { Role, Visibility } from '../metadata/accounts-store.ts'
import { type Action, actions, needs } from './actions.ts'
import { judge, type Situation } from './policy.ts'

const roles = [undefined, 'read', 'write', 'maintain', 'admin'] as const satisfies (Role | undefined)[]
const visibilities = [undefined, 'private', 'public'] as const satisfies (Visibility | undefined)[]
const callers = ['anonymous', 'user', 'robot', 'administrator', 'operator'] as const

interface Case {
  action: Action
  caller: (typeof callers)[number]
  role: Role | undefined
  visibility: Visibility | undefined
  anonymous: boolean
  token: 'none' | 'pull' | 'all'
}

/** Every verb × caller × role × visibility × switch × token. */
function* cases(): Generator<Case> {
  for (const action of actions)
    for (const caller of callers)
      for (const role of roles)
        for (const visibility of visibilities)
          for (const anonymous of [true, false])
            for (const token of ['none', 'pull', 'all'] as const)
              yield { action, caller, role, visibility, anonymous, token }
}

function situation(one: Omit<Case, 'action'> & { action?: Action }): Situation {
  const { caller, role, visibility, anonymous, token } = one
  const on = one.action?.startsWith('namespace:') ? 'namespace' : 'repository'
  const kind = caller === 'administrator' ? 'user' : caller
  return {
    closed: true,
    switches: { anonymous, registration: 'off' },
    caller: { kind, admin: caller === 'administrator', standing: 'good' },
    right: role && { role, why: 'granted' },
    on,
    repository: on === 'repository' ? 'team/app' : '',
    visibility: on === 'repository' ? visibility : undefined,
    memberRole: undefined,
    self: false,
    bounds:
      token === 'none'
        ? []
        : [
            {
              kind: 'bearer token',
              scopes: [
                { type: 'repository', name: 'team/app', actions: [token === 'pull' ? 'pull' : '*'] },
                ...(token === 'all' ? [{ type: 'registry', name: 'catalog', actions: ['*'] } as const] : []),
              ],
            },
          ],
  }
}

/** The model a second time, as a table of who reaches which need: what the policy must agree with. */
const reach: Record<Role, readonly string[]> = {
  read: ['read'],
  write: ['read', 'write'],
  maintain: ['read', 'write', 'maintain'],
  admin: ['read', 'write', 'maintain', 'admin'],
}

function expected(one: Case): string {
  const { action, caller, role, anonymous, token } = one
  const need = needs[action]
  const onNamespace = action.startsWith('namespace:')
  const isPublic = one.visibility === 'public' && !onNamespace
  if (caller === 'operator' || need === 'nothing') return 'allow'
  const listed = need === 'anonymous' || (need === 'sign-in' && action !== 'registry:ping')
  if (caller === 'anonymous') {
    if (!anonymous) return 'closed-to-anonymous'
    if (action === 'registry:ping') return token === 'none' ? 'anonymous' : 'allow'
    if (need === 'anonymous') return token === 'pull' ? 'anonymous' : 'allow'
    if (listed) return token === 'all' ? 'allow' : 'anonymous'
    return need === 'read' && isPublic ? 'allow' : 'anonymous'
  }
  const held = role ? reach[role] : []
  const entitled =
    caller === 'administrator' ||
    listed ||
    action === 'registry:ping' ||
    held.includes(need) ||
    (need === 'read' && isPublic)
  if (!entitled) return 'no-right'
  if (token === 'none' || action === 'registry:ping') return 'allow'
  if (onNamespace) return 'scope'
  return token === 'all' || action === 'repository:pull' ? 'allow' : 'scope'
}

describe('the policy', () => {
  test('agrees with the table of every verb, caller, role, visibility, switch and token', () => {
    const wrong: string[] = []
    let count = 0
    for (const one of cases()) {
      const decision = judge(one.action, situation(one))
      const outcome = decision.allow ? 'allow' : decision.because
      if (outcome !== expected(one)) wrong.push(`${JSON.stringify(one)}: ${outcome}, not ${expected(one)}`)
      count += 1
    }
    expect(wrong.slice(0, 10)).toEqual([])
    expect(count).toBe(actions.length * 5 * 5 * 3 * 2 * 3)
  })

  test('a higher role never takes away what a lower one gives', () => {
    for (const one of cases()) {
      const next = roles[roles.indexOf(one.role) + 1]
      if (next === undefined || !judge(one.action, situation(one)).allow) continue
      expect(judge(one.action, situation({ ...one, role: next })).allow).toBe(true)
    }
  })

  test('says of each decision why, in words', () => {
    for (const one of cases()) expect(judge(one.action, situation(one)).reason).not.toBe('')
  })

  test('a token never gives what its bearer does not have', () => {
    for (const one of cases()) {
      if (one.token === 'none' || one.caller === 'anonymous') continue
      if (!judge(one.action, situation(one)).allow) continue
      expect(judge(one.action, situation({ ...one, token: 'none' })).allow).toBe(true)
    }
  })

  test('who is told that he may pull hears whether he may push, by his rights and his token', () => {
    for (const one of cases()) {
      const decision = judge(one.action, situation(one))
      if (!decision.allow || one.action !== 'repository:pull') continue
      expect(decision.mayPush).toBe(judge('repository:push', situation(one)).allow)
    }
  })
})

const usual: Omit<Case, 'action'> = {
  caller: 'user',
  role: undefined,
  visibility: undefined,
  anonymous: true,
  token: 'none',
}

test('an open registry lets everybody do everything but make accounts as he likes', () => {
  const open = { ...situation({ ...usual, caller: 'anonymous' }), closed: false }
  expect(judge('repository:delete', open).allow).toBe(true)
  expect(judge('server:administer', open).allow).toBe(true)
  for (const action of [
    'accounts:administer',
    'repository:grant',
    'organisation:create',
    'account:self',
  ] as const)
    expect(judge(action, open)).toMatchObject({ allow: false, because: 'anonymous' })
})

test('a disabled account, or credentials that were withdrawn, may not even read what is public', () => {
  for (const standing of ['disabled', 'withdrawn'] as const) {
    const fallen = situation({ ...usual, visibility: 'public' })
    const caller = { ...fallen.caller, standing }
    expect(judge('repository:pull', { ...fallen, caller })).toMatchObject({ because: standing })
    expect(judge('repository:pull', { ...fallen, caller: { ...caller, admin: true } }).allow).toBe(false)
  }
})

test('organisations are for their members, and for their owners to change', () => {
  const at = (memberRole: 'owner' | 'member' | undefined) =>
    ({ ...situation(usual), on: 'organisation', memberRole }) as const
  expect(judge('organisation:show', at(undefined)).allow).toBe(false)
  expect(judge('organisation:show', at('member')).allow).toBe(true)
  expect(judge('organisation:administer', at('member')).allow).toBe(false)
  expect(judge('organisation:administer', at('owner')).allow).toBe(true)
})

test('users make organisations where anybody may register, and robots never', () => {
  const hub = { ...situation(usual), switches: { anonymous: true, registration: 'open' as const } }
  expect(judge('organisation:create', hub).allow).toBe(true)
  expect(judge('organisation:create', { ...hub, caller: { ...hub.caller, kind: 'robot' } }).allow).toBe(false)
  expect(judge('organisation:create', situation(usual)).allow).toBe(false)
})

describe('an access token', () => {
  const bounded = (name: string, repository: string) => ({
    ...situation({ ...usual, role: 'admin' }),
    repository,
    bounds: [
      { kind: 'access token' as const, scopes: [{ type: 'repository' as const, name, actions: ['pull'] }] },
    ],
  })

  test.each([
    ['alice/*', 'alice/app', true],
    ['alice/*', 'alice/app/deep', false],
    ['alice/**', 'alice/app/deep', true],
    ['alice/*', 'alice-evil/app', false],
    ['alice/app', 'alice/app', true],
    ['alice/app', 'alice/app2', false],
    ['**', 'anything/at/all', true],
  ])('for %s covers %s: %p', (pattern, repository, covered) => {
    expect(judge('repository:pull', bounded(pattern, repository)).allow).toBe(covered)
    expect(judge('repository:push', bounded(pattern, repository)).allow).toBe(false)
  })

  test('narrower than its owner can make no other', () => {
    const on = { ...bounded('**', ''), on: 'user' as const, self: true }
    expect(judge('account:self', on)).toMatchObject({ because: 'scope' })
  })
})
