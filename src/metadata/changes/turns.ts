import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'

/** A turn whose runner has said nothing for this long is another's to take. Milliseconds. */
export const turnTime = 15_000

export interface TurnAsked {
  job: string
  /** A name for this turn that no other ever had. */
  turn: string
  /** Which process asks. */
  runner: string
  /** Milliseconds from this run to the next. */
  interval: number
  /** How long before it is due it may run; the interval: at any time. Milliseconds. */
  ahead: number
}

export interface TurnTaken {
  /** Who began the turn before and never ended it: it died, or hangs. */
  readonly deserted: string | null
}

/**
 * Takes the turn to run a job for all that share the database, if the job is due and nobody has it. Who comes second
 * does not wait. @returns undefined where it is not this one's turn
 */
export async function takeTurn(tx: Transaction, asked: TurnAsked): Promise<TurnTaken | undefined> {
  await tx.run(insertJob, asked)
  const job = await tx.first(lockFreeJob, asked)
  if (!job) return undefined
  await tx.run(beginTurn, { ...asked, turnTime })
  return { deserted: job.turn === null || job.turn === asked.turn ? null : job.runner }
}

export interface TurnAddress {
  job: string
  turn: string
}

/** @returns false when it is another's turn by now */
export async function renewTurn(tx: Transaction, address: TurnAddress): Promise<boolean> {
  return (await tx.run(prolongTurn, { ...address, turnTime })) > 0
}

/** @param ended.finished whether the job was done: if not, it is due at once, and another may take it */
export async function endTurn(tx: Transaction, ended: TurnAddress & { finished: boolean }): Promise<void> {
  await tx.run(ended.finished ? finishTurn : giveTurnBack, ended)
}

const insertJob = statement<TurnAsked>()(({ db, arg, now }) =>
  db
    .insertInto('jobs')
    // A registry that was just made has nothing to be done.
    .values((eb) => ({ name: arg('job'), due_at: eb(now, '+', arg('interval')), lease_until: 0 }))
    .onConflict((conflict) => conflict.column('name').doNothing()),
)

const lockFreeJob = statement<TurnAsked>()(({ db, arg, now, dialect }) =>
  db
    .selectFrom('jobs')
    .select(['turn', 'runner'])
    .where('name', '=', arg('job'))
    .where((eb) =>
      eb.or([
        eb.and([
          eb('turn', 'is', null),
          eb.or([
            eb('due_at', '<=', eb(now, '+', arg('ahead'))),
            // The interval was made shorter, or the clock set back.
            eb('due_at', '>', eb(now, '+', arg('interval'))),
          ]),
        ]),
        eb.and([eb('turn', 'is not', null), eb('lease_until', '<', now)]),
        // An answer that was lost is asked for again.
        eb('turn', '=', arg('turn')),
      ]),
    )
    .$if(dialect === 'postgres', (query) => query.forUpdate().skipLocked()),
)

const beginTurn = statement<TurnAsked & { turnTime: number }>()(({ db, arg, now }) =>
  db
    .updateTable('jobs')
    .set((eb) => ({
      turn: arg('turn'),
      runner: arg('runner'),
      due_at: eb(now, '+', arg('interval')),
      lease_until: eb(now, '+', arg('turnTime')),
    }))
    .where('name', '=', arg('job')),
)

const prolongTurn = statement<TurnAddress & { turnTime: number }>()(({ db, arg, now }) =>
  db
    .updateTable('jobs')
    .set((eb) => ({ lease_until: eb(now, '+', arg('turnTime')) }))
    .where('name', '=', arg('job'))
    .where('turn', '=', arg('turn')),
)

const finishTurn = statement<TurnAddress>()(({ db, arg, now }) =>
  db
    .updateTable('jobs')
    .set({ turn: null, lease_until: 0, ended_at: now })
    .where('name', '=', arg('job'))
    .where('turn', '=', arg('turn')),
)

const giveTurnBack = statement<TurnAddress>()(({ db, arg, now }) =>
  db
    .updateTable('jobs')
    .set({ turn: null, lease_until: 0, due_at: now })
    .where('name', '=', arg('job'))
    .where('turn', '=', arg('turn')),
)
