import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createAccessToken, type NewAccessToken } from '../../../src/access/access-tokens.ts'
import { parseAccountName } from '../../../src/access/account-name.ts'
import type { Identity } from '../../../src/access/identity.ts'
import {
  createInvitation,
  listInvitations,
  register,
  revokeInvitation,
} from '../../../src/access/registration.ts'
import { type RegistryWithCallers, registryWithCallers } from '../../support/callers.ts'

let hub: RegistryWithCallers
let eve: Identity

beforeAll(async () => {
  hub = await registryWithCallers()
  eve = await hub.user('eve')
})

afterAll(() => hub[Symbol.asyncDispose]())

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
}

describe('an access token', () => {
  const make = (changed: Partial<NewAccessToken> = {}) =>
    createAccessToken(hub.accounts, {
      owner: { kind: 'user', name: parseAccountName('eve') },
      name: 'laptop',
      scopes: undefined,
      expiresAt: undefined,
      addresses: [],
      ...changed,
    })

  test('is kept as its hash, and shown once', async () => {
    const { id, token } = await make()
    expect(token).toStartWith('berth_pat_')
    expect(JSON.stringify(await hub.accounts.metadata.findAccessTokenById(id))).not.toContain(token)
  })

  test('that makes no sense is refused', async () => {
    expect(await codeOf(make({ addresses: ['everywhere'] }))).toBe('PARAMETER_INVALID')
    expect(await codeOf(make({ addresses: Array<string>(21).fill('::1') }))).toBe('PARAMETER_INVALID')
    const nobody = { kind: 'user', name: parseAccountName('nobody') } as const
    expect(await codeOf(make({ owner: nobody }))).toBe('ACCOUNT_UNKNOWN')
  })

  test('ends at its time', async () => {
    const { id } = await make({ expiresAt: Date.now() + 300 })
    const bearer = { ...eve, bound: { accessToken: id, address: '' } } as Identity
    expect(await hub.accounts.decide(bearer, 'registry:ping', undefined)).toMatchObject({ allow: true })
    await Bun.sleep(350)
    expect(await hub.accounts.decide(bearer, 'registry:ping', undefined)).toMatchObject({
      because: 'withdrawn',
    })
  })
})

test('an invitation lets one person in', async () => {
  await using invited = await registryWithCallers({ registration: 'invite' })
  await invited.user('boss', { admin: true })
  const { accounts } = invited
  const invite = (lifetime: number) =>
    createInvitation(accounts, { expiresAt: Date.now() + lifetime, caller: 'boss' })
  const join = (name: string, invitation: string) =>
    codeOf(
      register(accounts, { name: parseAccountName(name), password: 'correct horse battery', invitation }),
    )
  const [one, two, late] = [await invite(60_000), await invite(60_000), await invite(-1)]
  expect((await listInvitations(accounts, { after: '', limit: 10 })).invitations).toHaveLength(3)
  await revokeInvitation(accounts, two)
  expect(await join('ann', two.invitation)).toBe('INVITATION_INVALID')
  expect(await join('ann', late.invitation)).toBe('INVITATION_INVALID')
  expect(await join('ann', one.invitation)).toBe('done')
  expect(await join('ben', one.invitation)).toBe('INVITATION_INVALID')
})
