import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Transaction } from '../engine.ts'
import type { CollectorRunRow } from '../schema.ts'
import { statement } from '../statement.ts'

/** Puts a value on record for other processes and later starts; null: forgets it. */
export async function setState(
  tx: Transaction,
  { key, value }: { key: string; value: string | null },
): Promise<void> {
  if (value === null) await tx.run(deleteState, { key })
  else await tx.run(upsertState, { key, value })
}

/** No object is removed for `duration` milliseconds: somebody copies them. Asked again, it lasts longer. */
export async function holdObjects(tx: Transaction, hold: { id: string; duration: number }): Promise<void> {
  await tx.run(upsertHold, hold)
}

export async function releaseObjects(tx: Transaction, { id }: { id: string }): Promise<void> {
  await tx.run(deleteHold, { id })
}

export interface Pull {
  repository: RepositoryName
  digest: Digest
}

/** Notes today as the day on which these manifests were last pulled, as far as they are still there. */
export async function recordPulls(tx: Transaction, { pulls }: { pulls: readonly Pull[] }): Promise<void> {
  for (const pull of pulls) await tx.run(upsertPull, pull)
}

export type CollectorRun = Omit<CollectorRunRow, 'started_at' | 'finished_at'> & {
  /** Milliseconds that it took. */
  duration: number
}

/** Runs that are remembered. */
const rememberedRuns = 100

export async function recordRun(tx: Transaction, run: CollectorRun): Promise<void> {
  await tx.run(insertRun, run)
  await tx.run(forgetRuns, {})
}

const upsertState = statement<{ key: string; value: string }>()(({ db, arg }) =>
  db
    .insertInto('state')
    .values({ key: arg('key'), value: arg('value') })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: arg('value') })),
)

const deleteState = statement<{ key: string }>()(({ db, arg }) =>
  db.deleteFrom('state').where('key', '=', arg('key')),
)

const upsertHold = statement<{ id: string; duration: number }>()(({ db, arg, now }) =>
  db
    .insertInto('holds')
    .values((eb) => ({ id: arg('id'), until: eb(now, '+', arg('duration')) }))
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({ until: eb(now, '+', arg('duration')) })),
    ),
)

const deleteHold = statement<{ id: string }>()(({ db, arg, now }) =>
  db.deleteFrom('holds').where((eb) => eb.or([eb('id', '=', arg('id')), eb('until', '<', now)])),
)

const upsertPull = statement<Pull>()(({ db, arg, now }) =>
  db
    .insertInto('pulls')
    .columns(['repository', 'digest', 'day'])
    .expression((eb) =>
      eb
        .selectFrom('manifests')
        .select((each) => ['repository', 'digest', each(now, '-', each(now, '%', 86_400_000)).as('day')])
        .where('repository', '=', arg('repository'))
        .where('digest', '=', arg('digest')),
    )
    // What is pulled again and again is written once a day.
    .onConflict((conflict) =>
      conflict
        .columns(['repository', 'digest'])
        .doUpdateSet((eb) => ({ day: eb.ref('excluded.day') }))
        .whereRef('pulls.day', '<', 'excluded.day'),
    ),
)

const insertRun = statement<CollectorRun>()(({ db, arg, now }) =>
  db.insertInto('collector_runs').values((eb) => ({
    id: arg('id'),
    runner: arg('runner'),
    started_at: eb(now, '-', arg('duration')),
    finished_at: now,
    links: arg('links'),
    manifests: arg('manifests'),
    objects: arg('objects'),
    bytes: arg('bytes'),
  })),
)

const forgetRuns = statement<object>()(({ db }) =>
  db
    .deleteFrom('collector_runs')
    .where('id', 'not in', (eb) =>
      eb.selectFrom('collector_runs').select('id').orderBy('started_at', 'desc').limit(rememberedRuns),
    ),
)
