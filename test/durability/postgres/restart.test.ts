import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { temporaryDirectory } from '../../support/berth.ts'
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts'
import { requirePostgres } from '../../support/postgres.ts'
import { Crew } from '../faults/crew.ts'
import { seedOf } from '../load/random.ts'
import type { Refused } from '../load/requests.ts'
import { faultsIn, type Server, startServer } from '../server.ts'

/** Milliseconds. */
const grace = 86_400_000
/** How long a request waits for the database; shorter than some of its absences. Milliseconds. */
const patience = 1500

describe.skipIf(!requirePostgres('what a restart of PostgreSQL loses'))('a PostgreSQL that crashes', () => {
  let postgres: OwnPostgres
  let server: Server

  beforeAll(async () => {
    postgres = await startOwnPostgres()
    server = await startServer({
      data: await temporaryDirectory(),
      env: {
        BERTH_METADATA_URL: postgres.url,
        BERTH_METADATA_PATIENCE: `${patience}ms`,
        BERTH_ACCESS_OPEN: 'true',
        BERTH_GC_INTERVAL: '200ms',
      },
    })
    await server.answering()
  }, 60_000)

  afterAll(async () => {
    await server?.end('SIGTERM')
    await postgres?.stop()
  })

  test('again and again under pushes loses nothing acknowledged, and is met with 503 alone', async () => {
    const refused: Refused[] = []
    const crew = new Crew({
      seed: seedOf(process.env.BERTH_DURABILITY_SEED),
      tolerates: (refusal) => {
        refused.push(refusal)
        // A HEAD has no words.
        return refusal.status === 503 && /^(?:UNAVAILABLE)?$/.test(refusal.code)
      },
    })
    const place = { url: server.url, grace }
    const working = crew.work(place, 20)
    let crashes = 0
    const end = performance.now() + 17_000
    while (performance.now() < end) {
      await Bun.sleep(700)
      await postgres.crash()
      crashes += 1
      // Every third time it is away for longer than a request waits.
      if (crashes % 3 === 0) await Bun.sleep(patience + 500)
      await postgres.recover()
    }
    await working
    expect(crew.tally.failures).toEqual([])
    await crew.look(place)
    expect(crew.tally.failures).toEqual([])
    expect(faultsIn(server.output()).filter((line) => !/the database/.test(line))).toEqual([])
    expect(server.process.exitCode).toBeNull()
    expect(crew.tally.pushes).toBeGreaterThan(10)
    // It was away for longer than anybody waits: somebody was told so.
    expect(refused.length).toBeGreaterThan(0)
    console.log(`PostgreSQL: ${crashes} crashes, ${crew.tally.pushes} pushes, ${refused.length} refusals`)
  }, 120_000)

  test('is told by /readyz, while /healthz answers, and requests are refused in time', async () => {
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    await postgres.crash()
    try {
      const ready = await fetch(`${server.url}/readyz`)
      expect(ready.status).toBe(503)
      expect(((await ready.json()) as { checks: Record<string, string> }).checks).toMatchObject({
        server: 'ok',
        storage: 'ok',
        database: expect.stringContaining('database does not answer'),
      })
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
      // Who may see them is for the database to say.
      expect((await fetch(`${server.url}/metrics`)).status).toBe(503)
      const begun = performance.now()
      const pull = await fetch(`${server.url}/v2/any/manifests/latest`)
      expect(pull.status).toBe(503)
      expect(pull.headers.get('retry-after')).toBeTruthy()
      expect(await pull.json()).toMatchObject({ errors: [{ code: 'UNAVAILABLE' }] })
      expect(performance.now() - begun).toBeLessThan(patience * 2 + 1000)
    } finally {
      await postgres.recover()
    }
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    expect((await fetch(`${server.url}/v2/any/manifests/latest`)).status).toBe(404)
  }, 60_000)
})
