import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts'
import { seedOf } from '../load/random.ts'
import { replicaKilled, replicaReplaced, serviceCrashed } from './breakdowns.ts'
import { killFleet } from './kill.ts'
import { type Blobs, requireStores, sharedStores } from './shared-stores.ts'

const seed = seedOf(process.env.BERTH_DURABILITY_SEED)
console.log(`replicas: BERTH_DURABILITY_SEED=${seed} makes the same choices again`)

const kinds: readonly Blobs[] = ['directory', 'bucket']
for (const blobs of kinds) {
  describe.skipIf(!requireStores(blobs, `what kills of servers on a ${blobs} lose`))(
    `several servers with blobs in a ${blobs}`,
    () => {
      let postgres: OwnPostgres
      beforeAll(async () => {
        postgres = await startOwnPostgres()
      }, 60_000)
      afterAll(() => postgres?.stop())

      test('lose nothing acknowledged when one of them or PostgreSQL is killed under pushes', async () => {
        await using stores = await sharedStores(blobs, postgres.url)
        const report = await killFleet({
          seed,
          stores,
          servers: 2,
          clients: 4,
          breakdowns: [replicaKilled, replicaReplaced, serviceCrashed('PostgreSQL killed', postgres)],
          times: 10,
        })
        const { failures, tally, looks, ...counts } = report
        console.log(`replicas, ${blobs}: ${JSON.stringify({ pushes: tally.pushes, ...looks, ...counts })}`)
        expect(failures).toEqual([])
        expect(tally.pushes).toBeGreaterThan(20)
        expect(looks.returned).toEqual([])
      }, 240_000)
    },
  )
}
