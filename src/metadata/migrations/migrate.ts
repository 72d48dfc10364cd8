import type { Kysely } from 'kysely'
import type { SchemaTransaction } from '../engine.ts'
import { builders, statement } from '../statement.ts'
import { registry } from './001-registry.ts'
import { collection } from './002-collection.ts'
import { journal } from './003-journal.ts'
import { accounts } from './004-accounts.ts'
import { sharedUploads } from './006-shared-uploads.ts'
import { jobs } from './009-jobs.ts'
import { audit } from './010-audit.ts'
import { quotas } from './011-quotas.ts'
import { rates } from './012-rates.ts'
import { directories } from './013-directories.ts'
import { robotTrusts } from './014-robot-trusts.ts'
import { notifications } from './015-notifications.ts'
import { trashOfRepository } from './016-trash-of-repository.ts'
import { uploaders } from './017-uploaders.ts'
import type { Migration } from './migration.ts'

export const migrations: readonly Migration[] = [
  registry,
  collection,
  journal,
  accounts,
  sharedUploads,
  jobs,
  audit,
  quotas,
  rates,
  directories,
  robotTrusts,
  notifications,
  trashOfRepository,
  uploaders,
]

/** The database is newer than this Berth may work with. */
export class DatabaseTooNewError extends Error {
  constructor(version: string, oldest: string) {
    super(
      `the database was used by a newer Berth and needs Berth ${oldest} or newer; this is ${version}: start the newer one again, or restore the backup from before the update`,
    )
    this.name = 'DatabaseTooNewError'
  }
}

const applied = statement<object>()(({ db }) =>
  db.selectFrom('migrations').select(['version', 'oldest_berth']).orderBy('version'),
)

const record = statement<{ version: number; name: string; oldestBerth: string }>()(({ db, arg, now }) =>
  db.insertInto('migrations').values({
    version: arg('version'),
    name: arg('name'),
    oldest_berth: arg('oldestBerth'),
    applied_at: now,
  }),
)

/**
 * Brings the tables up to date inside the caller's transaction, which keeps others out.
 * @param berth this binary's version: refused where the database says that it needs a newer one
 * @throws DatabaseTooNewError
 */
export async function migrate(tx: SchemaTransaction, berth: string, steps = migrations): Promise<void> {
  const text = tx.dialect === 'sqlite' ? 'text' : 'text collate "C"'
  await tx.execute(
    `create table if not exists migrations (version integer primary key, name ${text} not null, oldest_berth ${text} not null, applied_at bigint not null)`,
  )
  const done = await tx.all(applied, {})
  const oldest = done.reduce((highest, row) => later(highest, row.oldest_berth), '0.0.0')
  if (later(oldest, berth) !== berth) throw new DatabaseTooNewError(berth, oldest)
  const newest = done.at(-1)?.version ?? 0
  const db = builders[tx.dialect] as unknown as Kysely<unknown>
  for (const step of steps) {
    if (step.version <= newest) continue
    for (const query of step.statements(db, tx.dialect)) await tx.execute(query.compile(db).sql)
    await tx.run(record, step)
  }
}

/** The later of two versions such as 0.10.2; a pre-release counts as its release. */
function later(a: string, b: string): string {
  const [left, right] = [numbers(a), numbers(b)]
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference > 0 ? a : b
  }
  return b
}

function numbers(version: string): number[] {
  return (version.split('-')[0] ?? '').split('.').map(Number)
}
