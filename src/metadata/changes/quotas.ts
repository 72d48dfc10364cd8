import type { QuotaRow } from '../quotas-schema.ts'
import { statement } from '../statement.ts'
import type { Counted } from './usage/ledger.ts'
import { makeUsage } from './usage/room.ts'

export interface QuotaChange {
  namespace: string
  /** Null: as the settings say; -1: no limit; undefined: as it is. */
  bytes?: number | null
  repositories?: number | null
}

/**
 * Sets what a namespace may hold. Whoever adds to it at this moment has done so before, or is told of the limit: all
 * stripes of its usage are held, the one that the others end with last.
 */
export async function setQuota(tx: Counted, change: QuotaChange): Promise<void> {
  const { namespace } = change
  const before = await tx.first(lockQuota, change)
  const { bytes = before?.bytes ?? null, repositories = before?.repositories ?? null } = change
  const quota = { namespace, bytes, repositories }
  if (bytes === null && repositories === null) await tx.run(deleteQuota, quota)
  else await tx.run(upsertQuota, quota)
  await makeUsage(tx, quota)
  for (const { stripe } of await tx.all(stripesOf, quota)) await tx.run(updateLimits, { ...quota, stripe })
}

const lockQuota = statement<{ namespace: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('quotas')
    .select(['bytes', 'repositories'])
    .where('namespace', '=', arg('namespace'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const deleteQuota = statement<{ namespace: string }>()(({ db, arg }) =>
  db.deleteFrom('quotas').where('namespace', '=', arg('namespace')),
)

const upsertQuota = statement<QuotaRow>()(({ db, arg }) =>
  db
    .insertInto('quotas')
    .values({ namespace: arg('namespace'), bytes: arg('bytes'), repositories: arg('repositories') })
    .onConflict((conflict) =>
      conflict.column('namespace').doUpdateSet({ bytes: arg('bytes'), repositories: arg('repositories') }),
    ),
)

const stripesOf = statement<{ namespace: string }>()(({ db, arg }) =>
  db.selectFrom('usage').select('stripe').where('namespace', '=', arg('namespace')).orderBy('stripe', 'desc'),
)

const updateLimits = statement<QuotaRow & { stripe: number }>()(({ db, arg }) =>
  db
    .updateTable('usage')
    .set({ limit_bytes: arg('bytes'), limit_repositories: arg('repositories') })
    .where('namespace', '=', arg('namespace'))
    .where('stripe', '=', arg('stripe')),
)
