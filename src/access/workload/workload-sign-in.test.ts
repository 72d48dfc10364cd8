import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { memoryRegistry } from '../../../test/support/memory-registry.ts'
import { type OidcIssuer, startOidcIssuer } from '../../../test/support/oidc-issuer.ts'
import {
  githubClaims,
  gitlabClaims,
  makeRobot,
  makeTrust,
  openWorkloadSignIn,
  outcomeOf,
} from '../../../test/support/workload.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { createDecide } from '../decide.ts'
import { hashOfSecret } from '../sign-in/secrets.ts'
import type { WorkloadSignIn } from './workload-sign-in.ts'

let issuer: OidcIssuer
let metadata: MetadataStore
let robot: string
let trust: string
let signIn: WorkloadSignIn
/** Beside the clock that tokens are made by. */
let later = 0
const now = () => Date.now() + later

beforeAll(async () => {
  // Signatures of elliptic curves can be written in two ways.
  issuer = await startOidcIssuer({ alg: 'ES256' })
})
afterAll(() => issuer[Symbol.asyncDispose]())

beforeEach(async () => {
  later = 0
  metadata = (await memoryRegistry()).metadata
  robot = await makeRobot(metadata)
  trust = await makeTrust(metadata, robot, { issuer: issuer.url })
  signIn = openWorkloadSignIn(metadata, [issuer.url], now)
})

const here = '192.0.2.1'
const job = (token: string, address = here, name = 'acme+deploy') => ({ name, token, address })
const exchanged = (token: string, address?: string) => outcomeOf(signIn.exchange(job(token, address)))
const asPassword = (token: string, address?: string, name?: string) =>
  outcomeOf(signIn.withPassword(job(token, address, name)))
const usedBefore = expect.stringContaining('was used for acme+deploy before: each is taken once')

describe('an exchanged token', () => {
  test('is worth an access token of the robot for an hour', async () => {
    const given = await signIn.exchange(job(await issuer.token(githubClaims)))
    expect(given).toMatchObject({ robot: { name: 'acme+deploy' }, expiresIn: 3600 })
    expect(given.token).toStartWith('berth_robot_')
    const found = await metadata.findAccessToken(hashOfSecret(given.token))
    expect(found).toMatchObject({
      name: 'workload repo:acme/app:ref:refs/heads/main',
      owner: { kind: 'robot', name: 'acme+deploy' },
      addresses: undefined,
      scopes: undefined,
    })
    expect(found?.expiresAt).toBeWithin(Date.now() + 3_590_000, Date.now() + 3_600_001)
  })

  test('is not exchanged again, from wherever, by whichever process, nor taken as a password', async () => {
    const token = await issuer.token(githubClaims)
    const other = openWorkloadSignIn(metadata, [issuer.url], now)
    expect(await exchanged(token)).toBe('in')
    expect(await exchanged(token)).toEqual(usedBefore)
    expect(await exchanged(token, '198.51.100.7')).toEqual(usedBefore)
    expect(await outcomeOf(other.exchange(job(token)))).toEqual(usedBefore)
    expect(await asPassword(token)).toEqual(usedBefore)
  })

  test('is exchanged once where many ask at the same time', async () => {
    const token = await issuer.token(githubClaims)
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => exchanged(token)))
    expect(outcomes.filter((outcome) => outcome === 'in')).toHaveLength(1)
  })

  test('with its signature written in another way is the same token', async () => {
    const token = await issuer.token(githubClaims)
    expect(await exchanged(token)).toBe('in')
    for (const twin of twinsOf(token)) {
      expect(twin).not.toBe(token)
      expect(await exchanged(twin)).toEqual(usedBefore)
      expect(await asPassword(twin)).toEqual(usedBefore)
    }
  })
})

describe('a token as a password', () => {
  test('lets the robot in again and again from one address', async () => {
    const token = await issuer.token(githubClaims)
    const first = await signIn.withPassword(job(token))
    expect(first).toMatchObject({ kind: 'robot', id: robot, name: 'acme+deploy', bound: { address: here } })
    for (let time = 0; time < 3; time += 1) expect(await signIn.withPassword(job(token))).toEqual(first)
    expect(await asPassword(token, `::ffff:${here}`)).toBe('in')
  })

  test('lets many requests in at once: clients ask for several tokens at a time', async () => {
    const token = await issuer.token(githubClaims)
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => asPassword(token)))
    expect(new Set(outcomes)).toEqual(new Set(['in']))
  })

  test('is no good from another address, under another name, or for an exchange', async () => {
    const token = await issuer.token(githubClaims)
    expect(await asPassword(token)).toBe('in')
    expect(await asPassword(token, '198.51.100.7')).toContain('was used from another address')
    expect(await asPassword(token, here, 'acme+other')).toContain('is not taken for "acme+other"')
    expect(await exchanged(token)).toEqual(usedBefore)
    for (const twin of twinsOf(token)) expect(await asPassword(twin)).toEqual(usedBefore)
  })

  test('is not taken from nowhere', async () => {
    for (const address of ['', 'fe80::1%eth0'])
      expect(await asPassword(await issuer.token(githubClaims), address)).toContain('not known from where')
  })

  test('ends when the token does', async () => {
    const token = await issuer.token(githubClaims)
    expect(await asPassword(token)).toBe('in')
    later = 310_000
    expect(await asPassword(token)).toContain('has expired')
  })

  test('ends with what an exchange would give, where the token is for longer', async () => {
    const token = await issuer.token({
      ...gitlabClaims,
      ...githubClaims,
      exp: Math.floor(Date.now() / 1000) + 40_000,
    })
    expect(await asPassword(token)).toBe('in')
    later = 3_700_000
    expect(await asPassword(token)).toContain('was used as a password for as long as it may be')
    await metadata.change('expireWorkloadTokens', { limit: 100 })
    expect(await exchanged(token)).toEqual(usedBefore)
  })
})

describe('rights that are withdrawn', () => {
  const standing = async (identity: Awaited<ReturnType<WorkloadSignIn['withPassword']>>) => {
    const decide = createDecide({ metadata, switches: { anonymous: true, registration: 'off' }, now })
    return (await decide(identity, 'registry:ping', undefined)).allow
  }

  test('end at once: with the trust, while the robot is disabled, and with it', async () => {
    const before = await signIn.withPassword(job(await issuer.token(githubClaims)))
    expect(await standing(before)).toBe(true)
    await metadata.change('setRobot', { id: robot, disabled: true })
    expect(await standing(before)).toBe(false)
    expect(await exchanged(await issuer.token(githubClaims))).toContain('no trust takes')
    await metadata.change('setRobot', { id: robot, disabled: false })
    const token = await issuer.token(githubClaims)
    const again = await signIn.withPassword(job(token))
    expect(await standing(again)).toBe(true)
    await metadata.change('removeRobotTrust', { id: trust })
    expect(await standing(again)).toBe(false)
    expect(await asPassword(token)).toContain('no trust takes')
    await metadata.change('deleteRobot', { id: robot })
    expect(await exchanged(await issuer.token(githubClaims))).toContain('no trust takes')
  })

  test('a token that was spent is not good again where its trust is made anew', async () => {
    const token = await issuer.token(githubClaims)
    expect(await exchanged(token)).toBe('in')
    await metadata.change('removeRobotTrust', { id: trust })
    await makeTrust(metadata, robot, { issuer: issuer.url })
    expect(await exchanged(token)).toEqual(usedBefore)
  })
})

describe('of several trusts', () => {
  const scopesOf = async (claims: object) => {
    const { token } = await signIn.exchange(job(await issuer.token(claims)))
    return (await metadata.findAccessToken(hashOfSecret(token)))?.scopes
  }

  test('the first that fits says what the token is for', async () => {
    const pull = [{ type: 'repository', name: 'acme/**', actions: ['pull'] }]
    await makeTrust(metadata, robot, {
      issuer: issuer.url,
      claims: { project_path: 'acme/**', groups_direct: 'acme/tools', 'user_identities.provider': 'x' },
    })
    await makeTrust(metadata, robot, {
      issuer: issuer.url,
      claims: { project_path: 'acme/**', groups_direct: 'acme/tools', runner_id: '1' },
      scopes: pull,
    })
    expect(await scopesOf(githubClaims)).toBeUndefined()
    expect(JSON.parse((await scopesOf(gitlabClaims)) ?? '')).toEqual(pull)
  })
})

/** The same token, good for whoever looks at the signature alone: as base64 with other spare bits, and with n − s. */
function twinsOf(token: string): string[] {
  const dot = token.lastIndexOf('.')
  const [signed, signature] = [token.slice(0, dot), token.slice(dot + 1)]
  const bytes = Buffer.from(signature, 'base64url')
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const mirrored = Buffer.concat([
    bytes.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
  ]).toString('base64url')
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = digits[digits.indexOf(signature.slice(-1)) ^ 1] ?? ''
  return [mirrored, signature.slice(0, -1) + last].map((twin) => `${signed}.${twin}`)
}
