import { expect, test } from 'bun:test'
import type { ChangesMetadata } from '../../metadata/metadata-store.ts'
import { HeldLeases } from './held-leases.ts'

const leased = { durable_offset: 7, digest_so_far: null }

test('what a worker that ended was writing goes back as it was, and what it had given back does not', async () => {
  const held = new HeldLeases()
  held.changed('leaseUpload', { id: 'open', writer: 'w1' }, leased)
  held.changed('leaseUpload', { id: 'done', writer: 'w2' }, leased)
  held.changed('appendUpload', { id: 'done', writer: 'w2' }, undefined)
  held.changed('putManifest', { repository: 'a' }, 'digest')
  const changes: unknown[] = []
  const metadata = {
    change: async (...change: unknown[]) => void changes.push(change),
  } as unknown as ChangesMetadata
  await held.giveBack(metadata)
  await held.giveBack(metadata)
  expect(changes).toEqual([['appendUpload', { id: 'open', writer: 'w1', from: 7, to: 7, digestSoFar: null }]])
})

test('a lease that can not be given back runs out by itself', async () => {
  const held = new HeldLeases()
  held.changed('leaseUpload', { id: 'open', writer: 'w' }, leased)
  await held.giveBack({ change: () => Promise.reject(new Error('full')) })
})
