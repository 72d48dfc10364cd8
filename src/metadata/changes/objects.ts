import type { Transaction } from '../engine.ts'
import { perLength, places, statement } from '../statement.ts'

export interface Doom {
  objectKey: string
  /** No reader ever saw it, so it need not wait for one. */
  neverRead?: boolean
}

/** From this transaction's commit on the object is unknown to every reader; the collector removes it by its key. */
export async function doomObject(tx: Transaction, { objectKey, neverRead = false }: Doom): Promise<void> {
  await tx.run(neverRead ? insertDoomedAtOnce : insertDoomed, { objectKey })
}

/** The objects are gone from storage. */
export async function forgetDoomed(
  tx: Transaction,
  { objectKeys }: { objectKeys: readonly string[] },
): Promise<void> {
  if (objectKeys.length > 0) await tx.run(deleteDoomed(objectKeys.length), { objectKeys })
}

const insertDoomed = statement<{ objectKey: string }>()(({ db, arg, now }) =>
  db
    .insertInto('doomed_objects')
    .values({ object_key: arg('objectKey'), since: now })
    .onConflict((conflict) => conflict.column('object_key').doNothing()),
)

const insertDoomedAtOnce = statement<{ objectKey: string }>()(({ db, arg }) =>
  db
    .insertInto('doomed_objects')
    .values({ object_key: arg('objectKey'), since: 0 })
    .onConflict((conflict) => conflict.column('object_key').doNothing()),
)

const deleteDoomed = perLength((length) =>
  statement<{ objectKeys: readonly string[] }>()(({ db, arg }) =>
    db.deleteFrom('doomed_objects').where('object_key', 'in', places(arg('objectKeys'), length)),
  ),
)
