import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts'
import { s3Process } from '../../support/s3.ts'
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
      const postgresOf = { crash: () => postgres.crash(), recover: () => postgres.recover() }
      beforeAll(async () => {
        postgres = await startOwnPostgres()
      }, 60_000)
      afterAll(() => postgres?.stop())

      const kills = [replicaKilled, replicaReplaced, serviceCrashed('PostgreSQL killed', postgresOf)]
      test('lose nothing acknowledged when one of them or a service is killed under pushes', async () => {
        await using stores = await sharedStores(blobs, postgres.url)
        const report = await killFleet({
          seed,
          stores,
          servers: 2,
          clients: 4,
          breakdowns: blobs === 'bucket' ? [...kills, serviceCrashed('S3 killed', s3Process)] : kills,
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
