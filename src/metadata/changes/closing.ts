import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'

/**
 * Closes the registry, for good. What was pushed while it was open is private, and the administrators'.
 * @returns whether it was open until now
 */
export async function closeRegistry(tx: Transaction, { why }: { why: string }): Promise<boolean> {
  if ((await tx.run(close, { why })) === 0) return false
  await tx.run(hideAll, {})
  return true
}

/**
 * The code that makes the first account over the network: the one on record, which several servers print alike.
 * @returns undefined when there are users
 */
export async function offerSetupCode(
  tx: Transaction,
  { code }: { code: string },
): Promise<string | undefined> {
  if (await tx.first(anyUser, {})) return undefined
  await tx.run(keepCode, { code })
  return (await tx.first(recordedCode, {}))?.value
}

const close = statement<{ why: string }>()(({ db, arg, now }) =>
  db
    .updateTable('access_state')
    .set({ closed: 1, closed_at: now, why: arg('why') })
    .where('closed', '=', 0),
)

const hideAll = statement<object>()(({ db }) =>
  db.updateTable('repositories').set({ visibility: 'private' }).where('visibility', '=', 'public'),
)

const anyUser = statement<object>()(({ db }) => db.selectFrom('users').select('id').limit(1))

const keepCode = statement<{ code: string }>()(({ db, arg }) =>
  db
    .insertInto('state')
    .values({ key: 'setup-code', value: arg('code') })
    .onConflict((conflict) => conflict.column('key').doNothing()),
)

const recordedCode = statement<object>()(({ db }) =>
  db.selectFrom('state').select('value').where('key', '=', 'setup-code'),
)
