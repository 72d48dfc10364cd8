import type { SpentWorkloadTokenRow } from '../accounts-schema.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { deleteAccessToken, insertAccessToken, type NewAccessToken } from './tokens.ts'

export interface Redemption {
  /** What the job came with. */
  readonly spent: SpentWorkloadTokenRow
  /** What it is given, for as long as the trust stands. */
  readonly given: NewAccessToken & { trust: string }
}

/**
 * Takes a job's token in turn for an access token of the robot: once, whichever replica is asked.
 * @returns withdrawn: the trust is not there any more
 */
export async function redeemWorkloadToken(
  tx: Transaction,
  { spent, given }: Redemption,
): Promise<'given' | 'spent' | 'withdrawn'> {
  if (!(await tx.first(lockTrust, { trust: given.trust, robot: given.owner }))) return 'withdrawn'
  if ((await tx.run(spend, spent)) === 0) return 'spent'
  await tx.run(insertAccessToken, given)
  return 'given'
}

/** Forgets what time has ended by itself. @returns how many went */
export async function expireWorkloadTokens(tx: Transaction, { limit }: { limit: number }): Promise<number> {
  const over = await tx.all(expiredTokens, { limit })
  for (const token of over) await deleteAccessToken(tx, token)
  return over.length + (await tx.run(forgetSpent, { limit }))
}

const lockTrust = statement<{ trust: string; robot: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('robot_trusts')
    .select('id')
    .where('id', '=', arg('trust'))
    .where('robot', '=', arg('robot'))
    .$if(dialect === 'postgres', (query) => query.forKeyShare()),
)

const spend = statement<SpentWorkloadTokenRow>()(({ db, arg }) =>
  db
    .insertInto('spent_workload_tokens')
    .values({ hash: arg('hash'), expires_at: arg('expires_at') })
    .onConflict((conflict) => conflict.column('hash').doNothing()),
)

const expiredTokens = statement<{ limit: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('access_tokens')
    .select('id')
    .where('trust', 'is not', null)
    .where('expires_at', '<', now)
    .orderBy('expires_at')
    .limit(arg('limit')),
)

const forgetSpent = statement<{ limit: number }>()(({ db, arg, now }) =>
  db
    .deleteFrom('spent_workload_tokens')
    .where('hash', 'in', (eb) =>
      eb
        .selectFrom('spent_workload_tokens')
        .select('hash')
        .where('expires_at', '<', now)
        .orderBy('expires_at')
        .limit(arg('limit')),
    ),
)
