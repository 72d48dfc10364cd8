import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { countingHasher, type MadeUser, makeAccessToken, makeUser } from '../../../test/support/accounts.ts'
import { memoryRegistry } from '../../../test/support/memory-registry.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import { MemoryRates } from '../../rates/memory-rates.ts'
import type { SharesSignIns } from '../../rates/shared-rates.ts'
import { BearerTokens } from './bearer-tokens.ts'
import { newSecret } from './secrets.ts'
import { SignIn } from './sign-in.ts'
import { SignInLimits } from './sign-in-limits.ts'
import { SigningKeys, storedSigningKeys } from './signing-keys.ts'

let metadata: MetadataStore
let alice: MadeUser
let hasher: ReturnType<typeof countingHasher>
let signIn: SignIn
let used: string[]
let begun: number
const now = () => Date.UTC(2026, 0, 2)

beforeAll(async () => {
  metadata = (await memoryRegistry()).metadata
  alice = await makeUser(metadata, { name: 'alice' })
})
afterAll(() => metadata.close())

beforeEach(() => {
  hasher = countingHasher()
  used = []
  const tokens = new BearerTokens({
    keys: new SigningKeys(storedSigningKeys(metadata), now),
    issuer: 'i',
    audience: 'a',
    lifetime: 300,
    now,
  })
  signIn = new SignIn({
    store: metadata,
    hasher,
    limits: new SignInLimits(countingRates(), now),
    tokens,
    used: (id) => used.push(id),
  })
})

/** Counts how often somebody asks whether there were too many wrong ones. */
function countingRates(): SharesSignIns {
  const rates = new MemoryRates(now)
  begun = 0
  return {
    beginSignIn(keys) {
      begun += 1
      return rates.beginSignIn(keys)
    },
    endSignIn: (outcome) => rates.endSignIn(outcome),
  }
}

const from = (name: string, password: string, address = '192.0.2.1') =>
  signIn.withPassword({ name, password, address })

/** What the caller would be told. */
async function outcome(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return 'in'
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return `${error.code}: ${error.message}`
  }
}

describe('a password', () => {
  test('lets its user in, as he is now', async () => {
    expect(await from('alice', alice.password)).toEqual({
      kind: 'user',
      id: alice.id,
      name: 'alice',
      generation: 1,
    })
  })

  test('is verified once, and then remembered', async () => {
    for (let time = 0; time < 50; time += 1) await from('alice', alice.password)
    expect(hasher.verified).toBe(1)
  })

  test('that comes with each request is counted with the first, until a wrong one comes from there', async () => {
    for (let time = 0; time < 5; time += 1) await from('alice', alice.password)
    expect(begun).toBe(1)
    await outcome(from('alice', 'wrong'))
    await from('alice', alice.password)
    expect(begun).toBe(3)
    await from('alice', alice.password)
    await from('alice', alice.password, '192.0.2.2')
    expect([begun, hasher.verified]).toEqual([4, 2])
  })

  test('is verified once for many requests at the same time', async () => {
    const many = await Promise.all(Array.from({ length: 50 }, () => outcome(from('alice', alice.password))))
    expect(new Set(many)).toEqual(new Set(['in']))
    expect(hasher.verified).toBe(1)
  })

  test('that was remembered is no more once it is changed', async () => {
    const bob = await makeUser(metadata, { name: 'bob' })
    await from('bob', bob.password)
    await metadata.change('setPassword', { id: bob.id, hash: await hasher.hash('another-lantern') })
    expect(await outcome(from('bob', bob.password))).toStartWith('UNAUTHORIZED')
    expect((await from('bob', 'another-lantern')).generation).toBe(2)
  })

  test('of a disabled user is as good as a wrong one, remembered or not', async () => {
    const carol = await makeUser(metadata, { name: 'carol' })
    await from('carol', carol.password)
    await metadata.change('setUser', { id: carol.id, disabled: true })
    expect(await outcome(from('carol', carol.password))).toBe(await outcome(from('carol', 'wrong')))
  })
})

describe('nobody learns which names there are', () => {
  test('by what he is told, or by how many hashes are verified', async () => {
    await makeUser(metadata, { name: 'disabled', password: 'disabled-lantern' }).then(({ id }) =>
      metadata.change('setUser', { id, disabled: true }),
    )
    const told: [string, number][] = []
    for (const [name, password] of [
      ['alice', 'wrong-password'],
      ['nobody', 'wrong-password'],
      ['disabled', 'disabled-lantern'],
      ['disabled', 'wrong-password'],
      ['Not A Name', 'wrong-password'],
      ['', 'wrong-password'],
      ['alice\0', 'wrong-password'],
      ['x'.repeat(10_000), 'wrong-password'],
    ] as const) {
      const before = hasher.verified
      const answer = await outcome(from(name, password, `192.0.2.${told.length}`))
      told.push([answer, hasher.verified - before])
    }
    expect(new Set(told.map(([answer]) => answer))).toEqual(
      new Set(['UNAUTHORIZED: the name or the password is wrong']),
    )
    expect(told.map(([, hashes]) => hashes)).toEqual(told.map(() => 1))
  })

  test('by when he is told to wait', async () => {
    const waits = async (name: string, address: string) => {
      const answers: string[] = []
      for (let time = 0; time < 15; time += 1)
        answers.push(await outcome(from(name, `guess${time}`, address)))
      return answers
    }
    expect(await waits('alice', '192.0.2.77')).toEqual(await waits('nobody', '192.0.2.78'))
  })
})

describe('ten thousand guesses', () => {
  test('are ten hashes and a wait, and the right password waits too', async () => {
    const answers = new Map<string, number>()
    for (let guess = 0; guess < 10_000; guess += 1) {
      const answer = (await outcome(from('alice', `guess-${guess}`))).split(':')[0] ?? ''
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }
    expect(Object.fromEntries(answers)).toEqual({ UNAUTHORIZED: 10, TOO_MANY_REQUESTS: 9990 })
    expect(hasher.verified).toBe(10)
    expect(await outcome(from('alice', alice.password))).toStartWith('TOO_MANY_REQUESTS')
    expect(await outcome(from('alice', alice.password, '203.0.113.9'))).toBe('in')
  })

  test('at the same time are no more', async () => {
    const guesses = Array.from({ length: 10_000 }, (_, guess) => outcome(from('alice', `guess-${guess}`)))
    const answers = await Promise.all(guesses)
    expect(answers.filter((answer) => answer.startsWith('UNAUTHORIZED')).length).toBe(10)
    expect(hasher.verified).toBe(10)
  })

  test('are bounded also where the password is remembered', async () => {
    await from('alice', alice.password)
    for (let guess = 0; guess < 1000; guess += 1) await outcome(from('alice', `guess-${guess}`))
    expect(hasher.verified).toBe(11)
  })
})

test('an entry of htpasswd is hashed anew at its first sign-in', async () => {
  const bcrypt = (await Bun.password.hash('old-lantern', { algorithm: 'bcrypt', cost: 4 })).replace(
    '$2b$',
    '$2y$',
  )
  await makeUser(metadata, { name: 'dora', hash: bcrypt })
  expect(await outcome(from('dora', 'wrong'))).toStartWith('UNAUTHORIZED')
  expect((await from('dora', 'old-lantern')).generation).toBe(1)
  expect((await metadata.findSignIn('dora'))?.passwordHash).toStartWith('$argon2id$')
  expect(await outcome(from('dora', 'old-lantern'))).toBe('in')
  expect(hasher.hashed).toBe(1)
})

describe('an access token', () => {
  test('stands for the password of its owner alone, and costs no hash', async () => {
    const { id, secret } = await makeAccessToken(metadata, alice.id)
    expect(await from('alice', secret)).toEqual({
      kind: 'user',
      id: alice.id,
      name: 'alice',
      generation: 1,
      bound: { accessToken: id, address: '192.0.2.1' },
    })
    expect(await outcome(from('bob', secret))).toStartWith('UNAUTHORIZED')
    expect(hasher.verified).toBe(0)
    expect(used).toEqual([id, id])
  })

  test('can come as Bearer', async () => {
    const { id, secret } = await makeAccessToken(metadata, alice.id)
    expect(await signIn.withBearer(secret, () => '192.0.2.5')).toMatchObject({
      name: 'alice',
      bound: { accessToken: id, address: '192.0.2.5' },
    })
  })

  test('that was never made, or is gone, is none', async () => {
    const { id, secret } = await makeAccessToken(metadata, alice.id)
    await metadata.change('deleteAccessToken', { id })
    for (const text of [secret, newSecret('pat'), newSecret('refresh'), 'berth_pat_', ''])
      expect(await outcome(signIn.withSecret(text, '192.0.2.1'))).toStartWith('UNAUTHORIZED')
  })
})
