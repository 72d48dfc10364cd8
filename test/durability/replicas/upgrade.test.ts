import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { migrations } from '../../../src/metadata/migrations/migrate.ts'
import { olderBuild } from '../../support/older-build.ts'
import { administer } from '../../support/postgres.ts'
import { Crew } from '../faults/crew.ts'
import { seedOf } from '../load/random.ts'
import { faultsIn, type Server } from '../server.ts'
import { Fleet } from './fleet.ts'
import { requireStores, type SharedStores, sharedStores } from './shared-stores.ts'

/** The first that kept its metadata in PostgreSQL, with the tables as the third migration leaves them. */
const before = { archive: join(import.meta.dir, 'berth-before-accounts.tar.gz'), migration: 3 }
/** Milliseconds. */
const grace = 5000

describe.skipIf(!requireStores('directory', 'an update of one server after the other'))(
  'an update of one server after the other',
  () => {
    let stores: SharedStores
    let fleet: Fleet
    let older: string

    beforeAll(async () => {
      older = await olderBuild(before.archive)
      stores = await sharedStores('directory')
      fleet = new Fleet(stores, {
        BERTH_GC_GRACE: `${grace}ms`,
        BERTH_GC_INTERVAL: '100ms',
        BERTH_GC_KEEP_OBJECTS: '0s',
        BERTH_TRASH_RETENTION: '1s',
      })
    }, 60_000)
    afterAll(async () => {
      await fleet?.end()
      await stores?.[Symbol.asyncDispose]()
    })

    test('is noticed by nobody who pushes or pulls, before, during and after the tables change', async () => {
      expect(migrations.at(-1)?.version).toBeGreaterThan(before.migration)
      const old = [await fleet.add({ berth: older }), await fleet.add({ berth: older })]
      expect(await tablesAre()).toBe(before.migration)

      const crew = new Crew({ seed: seedOf(process.env.BERTH_DURABILITY_SEED) })
      const place = { url: fleet.url, grace }
      let pushes = 0
      /** What the crew pushed since this was last asked. */
      const pushed = () => {
        const more = crew.tally.pushes - pushes
        pushes = crew.tally.pushes
        return more
      }
      const working = crew.work(place, 18)
      await Bun.sleep(3000)
      const phases = { older: pushed() }

      // The first of the new ones changes the tables, while the old ones serve.
      await fleet.add()
      expect(await tablesAre()).toBe(migrations.at(-1)?.version ?? 0)
      await Bun.sleep(4000)
      const both = pushed()
      for (const server of old) {
        expect(await fleet.retire(server)).toBe(0)
        await fleet.add()
      }
      const meanwhile = pushed()
      await working
      console.log(`update: ${JSON.stringify({ ...phases, both, meanwhile, newer: pushed() })} pushes`)
      expect(crew.tally.failures).toEqual([])
      await crew.look(place)
      expect(crew.tally.failures).toEqual([])
      expect(faultsIn(fleet.output)).toEqual([])
      expect(both).toBeGreaterThan(3)
      expect(crew.tally.pushes).toBeGreaterThan(20)
    }, 120_000)

    test('may be taken back: the older build starts again on the tables of the newer, and both see what either pushes', async () => {
      const back = await fleet.add({ berth: older })
      const [newer] = fleet.servers as [Server]
      const crew = new Crew({ seed: 7 })
      await crew.work({ url: fleet.url, grace }, 4)
      for (const { url } of [back, newer]) await crew.look({ url, grace })
      expect(crew.tally.failures).toEqual([])
      expect(crew.tally.pushes).toBeGreaterThan(3)
    }, 60_000)

    async function tablesAre(): Promise<number> {
      const [row] = await administer<{ version: number }>(
        stores.database,
        'select max(version) as version from migrations',
      )
      return row?.version ?? 0
    }
  },
)
