import { beforeEach, expect, test } from 'bun:test'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Decision } from './actions.ts'
import type { Decide } from './decide.ts'
import { anonymous, type Identity } from './identity.ts'
import { rememberDecisions } from './remembered-decisions.ts'

const alice: Identity = { kind: 'user', id: 'u1', name: 'alice', generation: 1 }
const app = 'team/app' as RepositoryName
const yes: Decision = { allow: true, reason: 'for a test', mayPush: true }

let asked: string[]
let stamp: number
let now: number
let decide: Decide
const looks: Decide = (identity, action, resource) => {
  asked.push(`${identity.name} ${action} ${resource}`)
  return Promise.resolve(yes)
}

beforeEach(() => {
  asked = []
  stamp = 1
  now = 1000
  const metadata = { accessStamp: () => stamp, accessFacts: () => Promise.reject(new Error('not asked')) }
  decide = rememberDecisions(looks, metadata, () => now)
})

test('the same question of the same caller is looked up once, until something changes', async () => {
  for (let time = 0; time < 3; time += 1) expect(await decide(alice, 'repository:pull', app)).toBe(yes)
  expect(asked).toEqual(['alice repository:pull team/app'])
  expect(decide(alice, 'repository:pull', app)).toBe(yes)
  stamp += 1
  await decide(alice, 'repository:pull', app)
  expect(asked).toHaveLength(2)
})

test('another action, another repository and another caller are other questions', async () => {
  await decide(alice, 'repository:pull', app)
  await decide(alice, 'repository:push', app)
  await decide(alice, 'repository:pull', 'team/other' as RepositoryName)
  await decide({ ...alice }, 'repository:pull', app)
  await decide(anonymous, 'repository:pull', app)
  await decide(alice, 'registry:list', undefined)
  expect(asked).toHaveLength(6)
})

test('what changed while it was looked up is not remembered', async () => {
  const answer = decide(alice, 'repository:pull', app)
  stamp += 1
  await answer
  stamp -= 1
  await decide(alice, 'repository:pull', app)
  expect(asked).toHaveLength(2)
})

test('what an access token allows is looked up again when it has expired', async () => {
  const bound: Identity = { ...alice, bound: { accessToken: 't1', address: '192.0.2.1' } }
  const expiring: Decide = async (...question) => ({ ...(await looks(...question)), until: 2000 })
  const remembers = rememberDecisions(
    expiring,
    { accessStamp: () => stamp, accessFacts: () => Promise.reject(new Error('not asked')) },
    () => now,
  )
  for (let time = 0; time < 3; time += 1) await remembers(bound, 'repository:pull', app)
  expect(asked).toHaveLength(1)
  now = 2000
  for (let time = 0; time < 3; time += 1) await remembers(bound, 'repository:pull', app)
  expect(asked).toHaveLength(4)
})

test('without a way to see changes nothing is remembered', async () => {
  const unaware = rememberDecisions(
    looks,
    { accessFacts: () => Promise.reject(new Error('not asked')) },
    () => now,
  )
  for (let time = 0; time < 3; time += 1) await unaware(alice, 'repository:pull', app)
  expect(asked).toHaveLength(3)
})

test('what is remembered of one caller is bounded', async () => {
  for (let time = 0; time <= 5000; time += 1)
    await decide(anonymous, 'repository:pull', `r${time}` as RepositoryName)
  await decide(anonymous, 'repository:pull', 'r5000' as RepositoryName)
  await decide(anonymous, 'repository:pull', 'r0' as RepositoryName)
  expect(asked).toHaveLength(5002)
})
