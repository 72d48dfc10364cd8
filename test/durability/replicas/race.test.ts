import { describe, expect, test } from 'bun:test'
import { seedOf } from '../load/random.ts'
import { race } from '../race.ts'
import { type Blobs, requireStores, sharedStores } from './shared-stores.ts'

const seed = seedOf(process.env.BERTH_DURABILITY_SEED)
console.log(`race of replicas: BERTH_DURABILITY_SEED=${seed} makes the same choices again`)

const kinds: readonly (readonly [Blobs, { grace: number; seconds: number; removals: number }])[] = [
  ['directory', { grace: 1000, seconds: 12, removals: 200 }],
  ['bucket', { grace: 5000, seconds: 20, removals: 200 }],
]

describe.each(kinds)('two servers with blobs in a %s', (blobs, options) => {
  test.skipIf(!requireStores(blobs, `the race of servers on a ${blobs}`))(
    'answer in turn while their collector never pauses: no acknowledged image loses a blob, and no byte is left over',
    async () => {
      await using stores = await sharedStores(blobs)
      const report = await race({
        ...options,
        seed,
        clients: 8,
        servers: 2,
        env: { ...stores.env, BERTH_DATA: stores.data },
        stored: () => stores.stored,
      })
      const { failures, tally, ...counts } = report
      const share = tally.acknowledgedShare
      console.log(`race, ${blobs}: ${JSON.stringify({ pushes: tally.pushes, share, ...counts })}`)
      expect(failures).toEqual([])
      expect(report.removed).toBeGreaterThanOrEqual(options.removals)
      expect(tally.pushes).toBeGreaterThan(0)
      if (options.grace >= 5000) expect(share).toBeGreaterThanOrEqual(0.99)
    },
    240_000,
  )
})
