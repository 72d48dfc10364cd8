import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { withdrawTokens } from './tokens.ts'
import { nameTaken } from './users.ts'

/** @throws NAME_TAKEN */
export async function createRobot(
  tx: Transaction,
  robot: { id: string; organisation: string; name: string },
): Promise<void> {
  if ((await tx.run(insertRobot, robot)) === 0) throw nameTaken(robot.name)
}

/** Switching it off ends the tokens that were given out. @returns false when there is no such robot */
export async function setRobot(
  tx: Transaction,
  { id, disabled }: { id: string; disabled: boolean },
): Promise<boolean> {
  if ((await tx.run(updateRobot, { id, disabled: Number(disabled) })) === 0) return false
  await withdrawTokens(tx, { owner: id })
  return true
}

/** With its access tokens and trusts. @returns false when there was none */
export async function deleteRobot(tx: Transaction, { id }: { id: string }): Promise<boolean> {
  // The robot first: who adds to it meanwhile has locked it.
  const found = (await tx.run(deleteRow, { id })) > 0
  await tx.run(deleteTrusts, { id })
  await tx.run(deleteAccessTokens, { id })
  await withdrawTokens(tx, { owner: id })
  return found
}

const insertRobot = statement<{ id: string; organisation: string; name: string }>()(({ db, arg, now }) =>
  db
    .insertInto('robots')
    .values({
      id: arg('id'),
      organisation: arg('organisation'),
      name: arg('name'),
      disabled: 0,
      generation: 1,
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['organisation', 'name']).doNothing()),
)

const updateRobot = statement<{ id: string; disabled: number }>()(({ db, arg }) =>
  db
    .updateTable('robots')
    .set((eb) => ({ disabled: arg('disabled'), generation: eb('generation', '+', 1) }))
    .where('id', '=', arg('id')),
)

const deleteAccessTokens = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('access_tokens').where('owner', '=', arg('id')),
)

const deleteTrusts = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('robot_trusts').where('robot', '=', arg('id')),
)

const deleteRow = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('robots').where('id', '=', arg('id')),
)
