import { expect, test } from 'bun:test'
import type { MetadataStore } from '../metadata-store.ts'
import { accessToken, organise, question } from './accounts-fixtures.ts'
import { hour, type OpenStore } from './fixtures.ts'

const issuer = 'https://issuer.example'

export function robotTrustsContract(open: OpenStore): void {
  test('a robot’s trusts are found by its name and the issuer, and by nothing else', async () => {
    const store = await openWithTrust(open)
    const by = { organisation: 'acme', robot: 'deploy', issuer }
    expect(await store.findTrusts(by)).toEqual([
      {
        id: 'id-trust',
        issuer,
        audience: 'us',
        claims: '{"sub":"job"}',
        scopes: undefined,
        createdAt: expect.any(Number),
        owner: { kind: 'robot', id: 'id-deploy', name: 'acme+deploy', disabled: false, generation: 1 },
      },
    ])
    for (const other of [{ robot: 'other' }, { organisation: 'other' }, { issuer: `${issuer}/` }])
      expect(await store.findTrusts({ ...by, ...other })).toEqual([])
    expect(await store.knowsIssuer(issuer)).toBe(true)
    expect(await store.knowsIssuer('https://other.example')).toBe(false)
  })

  test('a job’s token is redeemed once, however many ask at the same time', async () => {
    const store = await openWithTrust(open)
    const tries = Array.from({ length: 8 }, (_, at) =>
      store.change('redeemWorkloadToken', redemption(`${at}`)),
    )
    const outcomes = await Promise.all(tries)
    expect(outcomes.sort()).toEqual(['given', ...Array(7).fill('spent')])
    expect(await store.listTrusts({ robot: 'id-deploy', limit: 10 })).toMatchObject([{ tokens: 1 }])
  })

  test('what is given is an access token of the robot, which no list of made ones shows', async () => {
    const store = await openWithTrust(open)
    await store.change('redeemWorkloadToken', redemption('1'))
    expect(await store.findAccessToken('hash-1')).toMatchObject({
      id: 'id-1',
      owner: { name: 'acme+deploy' },
    })
    const facts = await store.accessFacts(question({ robot: 'id-deploy', accessToken: 'id-1' }))
    expect(facts.accessToken).toMatchObject({ owner: 'id-deploy' })
    expect(await store.listAccessTokens({ owner: 'id-deploy', limit: 10 })).toEqual([])
  })

  test('a trust takes with it what was given by it, and gives nothing more', async () => {
    const store = await openWithTrust(open)
    await store.change('redeemWorkloadToken', redemption('1'))
    await store.change('putRefreshToken', refreshTokenOf('id-1'))
    expect(await store.change('removeRobotTrust', { id: 'id-trust' })).toBe(true)
    expect(await store.change('removeRobotTrust', { id: 'id-trust' })).toBe(false)
    expect(await store.findAccessToken('hash-1')).toBeUndefined()
    expect(await store.findRefreshToken('refresh of id-1')).toBeUndefined()
    expect(await store.change('redeemWorkloadToken', redemption('2', 'another'))).toBe('withdrawn')
  })

  test('a removed trust and a redemption at the same time leave no token behind', async () => {
    const store = await openWithTrust(open)
    for (let round = 0; round < 10; round += 1) {
      const trust = `trust-${round}`
      await store.change('addRobotTrust', { ...newTrust, id: trust })
      const redeem = { ...redemption(`${round}`, `spent-${round}`) }
      await Promise.all([
        store.change('redeemWorkloadToken', { ...redeem, given: { ...redeem.given, trust } }),
        store.change('removeRobotTrust', { id: trust }),
      ])
      expect(await store.findAccessToken(`hash-${round}`)).toBeUndefined()
    }
  })

  test('a robot takes its trusts with it, and what was given by them', async () => {
    const store = await openWithTrust(open)
    await store.change('redeemWorkloadToken', redemption('1'))
    expect(await store.change('deleteOrganisation', { id: 'id-acme' })).toBe(true)
    expect(await store.findAccessToken('hash-1')).toBeUndefined()
    expect(await store.knowsIssuer(issuer)).toBe(false)
    expect(await store.change('addRobotTrust', { ...newTrust, id: 'later' })).toBe(false)
  })

  test('what has ended is forgotten, and nothing else', async () => {
    const store = await openWithTrust(open)
    const made = accessToken({ owner_kind: 'robot', owner: 'id-deploy', expires_at: Date.now() - hour })
    await store.change('createAccessToken', made)
    await store.change('redeemWorkloadToken', redemption('over', 'spent over', -hour))
    await store.change('redeemWorkloadToken', redemption('good', 'spent good'))
    await store.change('putRefreshToken', refreshTokenOf('id-over'))
    expect(await store.change('expireWorkloadTokens', { limit: 10 })).toBe(2)
    expect(await store.findAccessToken('hash-over')).toBeUndefined()
    expect(await store.findRefreshToken('refresh of id-over')).toBeUndefined()
    expect(await store.findAccessToken('hash-good')).toBeDefined()
    expect(await store.listAccessTokens({ owner: 'id-deploy', limit: 10 })).toHaveLength(1)
    expect(await store.change('redeemWorkloadToken', redemption('again', 'spent good'))).toBe('spent')
    expect(await store.change('redeemWorkloadToken', redemption('anew', 'spent over'))).toBe('given')
  })
}

const newTrust = {
  id: 'id-trust',
  robot: 'id-deploy',
  issuer,
  audience: 'us',
  claims: '{"sub":"job"}',
  scopes: null,
}

async function openWithTrust(open: OpenStore): Promise<MetadataStore> {
  const store = await open()
  await organise(store)
  await store.change('createRobot', { id: 'id-deploy', organisation: 'id-acme', name: 'deploy' })
  expect(await store.change('addRobotTrust', newTrust)).toBe(true)
  return store
}

function redemption(name: string, spent = 'a token', lifetime = hour) {
  const expires_at = Date.now() + lifetime
  const given = accessToken({
    id: `id-${name}`,
    owner_kind: 'robot',
    owner: 'id-deploy',
    hash: `hash-${name}`,
    expires_at,
  })
  return { spent: { hash: spent, expires_at }, given: { ...given, trust: 'id-trust' } }
}

function refreshTokenOf(access_token: string) {
  return {
    hash: `refresh of ${access_token}`,
    owner_kind: 'robot' as const,
    owner: 'id-deploy',
    access_token,
    generation: 1,
    service: 'berth',
    expires_at: Date.now() + hour,
  }
}
