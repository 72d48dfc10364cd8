import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { unexpectedFiles } from './data-directory.ts'
import { type Fixture, startFixture } from './fixture.ts'
import { exchange } from './raw-http.ts'
import { encode } from './row.ts'
import { tables } from './tables/tables.ts'
import { judge } from './verdict.ts'

/** Longer than a silent server takes: Bun ends the server, too, when a test runs out of time. Milliseconds. */
const rowTimeout = 20_000

/** Every request here is one that a registry has been seen to answer wrongly, or that its grammar makes possible. */
const leastRows = 186

let fixture: Fixture

beforeAll(async () => {
  fixture = await startFixture()
})

afterAll(async () => {
  await fixture.stop()
})

for (const [subject, rows] of Object.entries(tables)) {
  describe(subject, () => {
    test.each(rows.map((row) => [row.name, row] as const))(
      '%s',
      async (_, row) => {
        const message = typeof row.send === 'function' ? await row.send(fixture) : row.send
        const outcome = await exchange({
          port: fixture.server.port,
          bytes: encode(message),
          ...(message.method ? { method: message.method } : {}),
          halfClose: message.halfClose ?? false,
        })
        const answer = judge(row, message, outcome)
        // What a parser refused in its own words, the registry never saw.
        if (answer && row.status.includes(answer.status)) await message.after?.(answer)
        await message.afterwards?.()
      },
      rowTimeout,
    )

    test('and the registry goes on', async () => {
      expect(fixture.server.process.exitCode).toBeNull()
      const response = await fixture.get('/v2/')
      expect(response.status).toBe(200)
      expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
    })
  })
}

describe('after all of them', () => {
  test('there were as many requests as promised', () => {
    const rows = Object.values(tables).flat()
    expect(rows.length).toBeGreaterThanOrEqual(leastRows)
    expect(new Set(rows.map(({ name }) => name)).size, 'different names').toBe(rows.length)
  })

  test('nothing lies outside the data directory, and nothing in it that Berth has no name for', async () => {
    expect(await unexpectedFiles(fixture)).toEqual([])
  })

  test('the server ends in order, and its log holds neither a fault nor what steers a terminal', async () => {
    expect(await fixture.server.stop()).toBe(0)
    const log = fixture.server.output().split('\n')
    expect(log.filter((line) => /a request failed|unhandled|panic/i.test(line))).toEqual([])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    expect(log.filter((line) => /[\0-\x1f\x7f\u0080-\u009f\u202e]/.test(line))).toEqual([])
  })
})
