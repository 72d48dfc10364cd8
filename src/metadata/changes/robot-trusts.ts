import type { RobotTrustRow } from '../accounts-schema.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { deleteAccessToken } from './tokens.ts'

export type NewRobotTrust = Omit<RobotTrustRow, 'created_at'>

/** @returns false when the robot is gone */
export async function addRobotTrust(tx: Transaction, trust: NewRobotTrust): Promise<boolean> {
  if (!(await tx.first(lockRobot, { robot: trust.robot }))) return false
  await tx.run(insertTrust, trust)
  return true
}

/** With every token that was given by it. @returns false when there was none */
export async function removeRobotTrust(tx: Transaction, { id }: { id: string }): Promise<boolean> {
  // The trust first: who is given a token by it meanwhile has locked it.
  if ((await tx.run(deleteTrust, { id })) === 0) return false
  for (const token of await tx.all(tokensBy, { trust: id })) await deleteAccessToken(tx, token)
  return true
}

const lockRobot = statement<{ robot: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('robots')
    .select('id')
    .where('id', '=', arg('robot'))
    .$if(dialect === 'postgres', (query) => query.forKeyShare()),
)

const insertTrust = statement<NewRobotTrust>()(({ db, arg, now }) =>
  db.insertInto('robot_trusts').values({
    id: arg('id'),
    robot: arg('robot'),
    issuer: arg('issuer'),
    audience: arg('audience'),
    claims: arg('claims'),
    scopes: arg('scopes'),
    created_at: now,
  }),
)

const deleteTrust = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('robot_trusts').where('id', '=', arg('id')),
)

const tokensBy = statement<{ trust: string }>()(({ db, arg }) =>
  db.selectFrom('access_tokens').select('id').where('trust', '=', arg('trust')),
)
