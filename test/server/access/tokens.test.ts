import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Identity } from '../../../src/access/identity.ts'
import { invite, listInvitations, withdrawInvitation } from '../../../src/access/invitations.ts'
import { createToken, listTokens, revokeToken } from '../../../src/access/tokens.ts'
import { register } from '../../../src/access/users.ts'
import { type RegistryWithCallers, registryWithCallers } from '../../support/callers.ts'

let hub: RegistryWithCallers
let mia: Identity
let eve: Identity

beforeAll(async () => {
  hub = await registryWithCallers()
  mia = await hub.user('mia')
  eve = await hub.user('eve')
})

afterAll(() => hub[Symbol.asyncDispose]())

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
}

const page = { after: '', limit: 10 }

describe('access tokens', () => {
  const token = { name: 'laptop', hash: 'hash of eve' }

  test('are one’s own to make, see and revoke', async () => {
    const { accounts } = hub
    const of = { user: 'eve' }
    expect(await codeOf(createToken(accounts, { by: mia, of, ...token }))).toBe('DENIED')
    const made = await createToken(accounts, { by: eve, of, ...token, addresses: ['10.0.0.0/8'] })
    expect(made).toMatchObject({ name: 'laptop', scopes: null, addresses: ['10.0.0.0/8'], lastUsedAt: null })
    expect((await listTokens(accounts, { by: eve, of })).tokens).toHaveLength(1)
    expect(await codeOf(revokeToken(accounts, { by: mia, id: made.id }))).toBe('TOKEN_UNKNOWN')
    expect(await codeOf(revokeToken(accounts, { by: eve, id: made.id }))).toBe('done')
    expect(await codeOf(revokeToken(accounts, { by: eve, id: made.id }))).toBe('TOKEN_UNKNOWN')
  })

  test('that make no sense are refused', async () => {
    const of = { user: 'eve' }
    const make = (changed: object) => codeOf(createToken(hub.accounts, { by: eve, of, ...token, ...changed }))
    const scope = { type: 'repository', name: 'eve/app', actions: ['pull'] }
    for (const wrong of [
      { scopes: [] },
      { scopes: [{ ...scope, actions: [] }] },
      { scopes: [{ ...scope, actions: ['fly'] }] },
      { scopes: [{ ...scope, name: 'Eve/App' }] },
      { scopes: [{ ...scope, type: 'registry' }] },
      { addresses: ['everywhere'] },
      { expiresAt: Date.now() - 1 },
      { expiresAt: Number.NaN },
    ])
      expect(await make(wrong)).toBe('PARAMETER_INVALID')
    expect(await make({ name: 'no name' })).toBe('NAME_INVALID')
  })

  test('end at their time', async () => {
    const { accounts } = hub
    const made = await createToken(accounts, {
      by: eve,
      of: { user: 'eve' },
      ...token,
      expiresAt: Date.now() + 300,
    })
    const bearer = { ...eve, bound: { accessToken: made.id, address: '' } } as Identity
    expect(await accounts.decide(bearer, 'registry:ping', undefined)).toMatchObject({ allow: true })
    await Bun.sleep(350)
    expect(await accounts.decide(bearer, 'registry:ping', undefined)).toMatchObject({ because: 'withdrawn' })
  })
})

test('an invitation lets one person in', async () => {
  await using invited = await registryWithCallers({ registration: 'invite' })
  const boss = await invited.user('boss', { admin: true })
  const { accounts } = invited
  const expiresAt = Date.now() + 60_000
  await invite(accounts, { by: boss, hash: 'one', expiresAt })
  const { id } = await invite(accounts, { by: boss, hash: 'two', expiresAt })
  expect(await codeOf(invite(accounts, { by: boss, hash: 'old', expiresAt: Date.now() }))).toBe(
    'PARAMETER_INVALID',
  )
  expect((await listInvitations(accounts, { by: boss, ...page })).invitations).toHaveLength(2)
  await withdrawInvitation(accounts, { by: boss, id })
  expect(await codeOf(register(accounts, { name: 'ann', invitation: 'two' }))).toBe('INVITATION_INVALID')
  expect(await codeOf(register(accounts, { name: 'ann', invitation: 'one' }))).toBe('done')
  expect(await codeOf(register(accounts, { name: 'ben', invitation: 'one' }))).toBe('INVITATION_INVALID')
  const ann = await accounts.metadata.findUser('ann')
  const by = { kind: 'user', id: ann?.id ?? '', name: 'ann', generation: 1 } as const
  expect(await codeOf(invite(accounts, { by, hash: 'three', expiresAt }))).toBe('DENIED')
})
