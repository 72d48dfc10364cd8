import { type RawBuilder, sql } from 'kysely'
import { type StatementScope, statement } from '../../statement.ts'
import type { Counted, UsageChange } from './ledger.ts'
import { type DefaultLimits, slackOf } from './limits.ts'
import { fits, refusal } from './refusal.ts'

/**
 * Stripes of a namespace's usage: where no limit is set, as many transactions can add to it at once. SQLite has one
 * transaction at a time.
 */
export const stripes = { sqlite: 1, postgres: 8 } as const

/** Adds to what the namespace uses. @throws QUOTA_EXCEEDED, QUOTA_BUSY where that would be more than it may */
export async function requireRoom(tx: Counted, change: UsageChange, defaults: DefaultLimits): Promise<void> {
  const args = argumentsOf(change, defaults)
  for (let attempts = 0; ; attempts += 1) {
    if (tx.dialect === 'postgres' && args.unlimited) {
      const stripe = 1 + Math.floor(Math.random() * (stripes.postgres - 1))
      if ((await tx.run(addFreely, { ...args, stripe })) > 0) return
    }
    if ((await tx.run(addWithin, { ...args, stripe: 0 })) > 0) return
    const rows = await tx.all(usageRows, args)
    if (rows.length < stripes[tx.dialect]) await makeUsage(tx, args)
    // Where it fits by now, another transaction has made the rows, or given something back.
    else if (attempts > 2 || !fits({ change, rows, defaults }))
      throw await refusal(tx, { change, rows, defaults })
  }
}

/** Makes the rows of a namespace's usage that are not there yet. */
export async function makeUsage(tx: Counted, { namespace }: { namespace: string }): Promise<void> {
  for (let stripe = stripes[tx.dialect] - 1; stripe >= 0; stripe -= 1)
    await tx.run(insertUsage, { namespace, stripe })
}

interface Adding {
  readonly namespace: string
  readonly bytes: number
  readonly reserved: number
  readonly repositories: number
  readonly defaultBytes: number
  readonly defaultRepositories: number
  readonly slack: number
}

function argumentsOf(change: UsageChange, defaults: DefaultLimits): Adding & { unlimited: boolean } {
  const { namespace, bytes, reserved, repositories } = change
  const [defaultBytes, defaultRepositories] = [defaults.bytes ?? -1, defaults.repositories ?? -1]
  const unlimited = defaultBytes < 0 && defaultRepositories < 0
  const slack = slackOf(change)
  return { namespace, bytes, reserved, repositories, defaultBytes, defaultRepositories, slack, unlimited }
}

type Stripe = Adding & { stripe: number }

function adding({ db, arg }: StatementScope<Stripe>) {
  return db
    .updateTable('usage')
    .set((eb) => ({
      bytes: eb('bytes', '+', arg('bytes')),
      reserved: eb('reserved', '+', arg('reserved')),
      repositories: eb('repositories', '+', arg('repositories')),
    }))
    .where('namespace', '=', arg('namespace'))
    .where('stripe', '=', arg('stripe'))
}

/** Where neither bytes nor repositories are limited: any stripe will do. */
const addFreely = statement<Stripe>()((scope) =>
  adding(scope).where(sql<boolean>`coalesce(limit_bytes, -1) < 0 and coalesce(limit_repositories, -1) < 0`),
)

/**
 * The other stripes stand still where a limit is set: so it is exact, whoever adds at the same time. What takes no more
 * than it gives back is never refused.
 */
const addWithin = statement<Stripe>()((scope) => {
  const number = (name: keyof Stripe) => sql`cast(${scope.arg(name)} as bigint)`
  const within = ([column, more]: [string, RawBuilder<unknown>], limit: RawBuilder<unknown>) => {
    const used = sql.raw(column)
    const others =
      scope.dialect === 'sqlite'
        ? sql.lit(0)
        : sql`(select coalesce(sum(${used}), 0) from usage other where other.namespace = ${scope.arg('namespace')} and other.stripe <> ${scope.arg('stripe')})`
    return sql<boolean>`(${more} <= 0 or ${limit} < 0 or ${used} + ${others} + ${more} <= ${limit})`
  }
  const bytes = sql`coalesce(limit_bytes, ${number('defaultBytes')})`
  // No limit stays none.
  const withSlack = sql`case when ${bytes} < 0 then -1 else ${bytes} + ${number('slack')} end`
  const repositories = sql`coalesce(limit_repositories, ${number('defaultRepositories')})`
  const both = sql`${number('bytes')} + ${number('reserved')}`
  return adding(scope)
    .where(within(['bytes', number('bytes')], bytes))
    .where(within(['bytes + reserved', both], sql`(${withSlack})`))
    .where(within(['repositories', number('repositories')], repositories))
})

export const usageRows = statement<{ namespace: string }>()(({ db, arg }) =>
  db.selectFrom('usage').selectAll().where('namespace', '=', arg('namespace')),
)

/** A limit that is set at this moment makes the row first, or finds it. */
const insertUsage = statement<{ namespace: string; stripe: number }>()(({ db, arg }) =>
  db
    .insertInto('usage')
    .values(({ selectFrom }) => ({
      namespace: arg('namespace'),
      stripe: arg('stripe'),
      bytes: 0,
      reserved: 0,
      repositories: 0,
      limit_bytes: selectFrom('quotas').select('bytes').where('namespace', '=', arg('namespace')),
      limit_repositories: selectFrom('quotas')
        .select('repositories')
        .where('namespace', '=', arg('namespace')),
    }))
    .onConflict((conflict) => conflict.columns(['namespace', 'stripe']).doNothing()),
)
