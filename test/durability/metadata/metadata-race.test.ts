import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { postgresServer, requirePostgres } from '../../support/postgres.ts'
import { Random, seedOf } from '../load/random.ts'
import { type Contenders, postgresContenders, sqliteContenders } from './contenders.ts'
import { Arena } from './fixture.ts'
import { agedDuels, type Duel, duels, grace } from './rounds.ts'

const seed = seedOf(process.env.BERTH_DURABILITY_SEED)

fightOn('SQLite, in two processes', { rounds: 60, open: sqliteContenders })
describe.skipIf(!requirePostgres('the races on PostgreSQL'))('with a database server', () => {
  fightOn('PostgreSQL, on many connections', {
    rounds: 200,
    open: () => postgresContenders(postgresServer ?? ''),
  })
})

let lastRound = 0

function newRound(): string {
  lastRound += 1
  return String(lastRound)
}

/** Rounds at once: each has a repository of its own. */
const together = 8

function fightOn(
  engine: string,
  { rounds, open }: { rounds: number; open: () => Promise<Contenders> },
): void {
  describe(`nobody loses what was acknowledged on ${engine}`, () => {
    let contenders: Contenders
    const random = new Random(seed)
    beforeAll(async () => {
      contenders = await open()
    }, 30_000)
    afterAll(() => contenders[Symbol.asyncDispose]())

    test.each(Object.entries(duels))(
      '%s',
      async (_, prepare) => {
        for (let round = 0; round < rounds; round += together)
          expect(await fightAll(await prepareAll(prepare, together))).toEqual([])
      },
      60_000,
    )

    test.each(Object.entries(agedDuels))(
      '%s',
      async (_, prepare) => {
        const prepared = await prepareAll(prepare, rounds)
        await Bun.sleep(grace)
        for (let round = 0; round < rounds; round += together)
          expect(await fightAll(prepared.slice(round, round + together))).toEqual([])
      },
      60_000,
    )

    async function prepareAll(prepare: (arena: Arena) => Promise<Duel>, count: number): Promise<Duel[]> {
      return Promise.all(Array.from({ length: count }, () => prepare(new Arena(contenders.left, newRound()))))
    }

    async function fightAll(fights: readonly Duel[]): Promise<string[]> {
      const sentences = await Promise.all(fights.map(fight))
      return sentences.filter((sentence) => sentence !== undefined)
    }

    async function fight(duel: Duel): Promise<string | undefined> {
      const [lead, head] = [random.below(3), random.below(3)]
      await Promise.all([
        Bun.sleep(lead).then(() => duel.left(contenders.left)),
        Bun.sleep(head).then(() => duel.right(contenders.right)),
      ])
      return duel.check()
    }
  })
}
