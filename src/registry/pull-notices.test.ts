import { expect, test } from 'bun:test'
import { theServer } from '../metadata/changes/attribution.ts'
import { app, digestFor } from '../metadata/contract/fixtures.ts'
import type { ChangesMetadata, FindsWebhooks } from '../metadata/metadata-store.ts'
import { PullNotices } from './pull-notices.ts'

const pull = {
  repository: app,
  digest: digestFor('image'),
  mediaType: 'application/json',
  size: 1,
  tag: null,
  by: theServer,
}

/** A store that takes what it is told, unless it is away. */
function store() {
  const told: number[] = []
  const state = { away: false, wanted: false }
  const metadata = {
    pullsAreWanted: async () => state.wanted,
    change: async (_: string, { pulls }: { pulls: readonly unknown[] }) => {
      if (state.away) throw new Error('away')
      told.push(pulls.length)
    },
  } as unknown as ChangesMetadata & FindsWebhooks
  return { told, state, notices: new PullNotices(metadata) }
}

test('whether pulls are wanted is known from the last look', async () => {
  const { state, notices } = store()
  expect(notices.wanted).toBe(false)
  state.wanted = true
  await notices.look()
  expect(notices.wanted).toBe(true)
})

test('pulls are queued many at once, and kept while the database is away', async () => {
  const { told, state, notices } = store()
  for (let index = 0; index < 450; index += 1) notices.note(pull)
  state.away = true
  expect(notices.flush()).rejects.toThrow('away')
  await Bun.sleep(0)
  state.away = false
  expect(await notices.flush()).toBe(0)
  expect(told).toEqual([200, 200, 50])
})

test('more than can be kept are dropped, and counted', async () => {
  const { notices } = store()
  for (let index = 0; index < 10_007; index += 1) notices.note(pull)
  expect(await notices.flush()).toBe(7)
  expect(await notices.flush()).toBe(0)
})
