import type { Transaction } from '../engine.ts'
import { perLength, places, slices, statement } from '../statement.ts'

export interface Doom {
  objectKey: string
  /** Bytes; undefined: only storage knows. */
  size?: number
  /** No reader ever saw it, so it need not wait for one. */
  neverRead?: boolean
}

/** From this transaction's commit on the object is unknown to every reader; the collector removes it by its key. */
export async function doomObject(
  tx: Transaction,
  { objectKey, size, neverRead = false }: Doom,
): Promise<void> {
  await tx.run(neverRead ? insertDoomedAtOnce : insertDoomed, { objectKey, size: size ?? null })
}

/** The objects are gone from storage. @returns those that nobody had forgotten before */
export async function forgetDoomed(
  tx: Transaction,
  { objectKeys }: { objectKeys: readonly string[] },
): Promise<string[]> {
  const forgotten: string[] = []
  for (const slice of slices(objectKeys)) {
    const rows = await tx.all(deleteDoomed(slice.length), { objectKeys: slice })
    for (const { object_key } of rows) forgotten.push(object_key)
  }
  return forgotten
}

interface NewDoomed {
  objectKey: string
  size: number | null
}

const insertDoomed = statement<NewDoomed>()(({ db, arg, now }) =>
  db
    .insertInto('doomed_objects')
    .values({ object_key: arg('objectKey'), since: now, size: arg('size') })
    .onConflict((conflict) => conflict.column('object_key').doNothing()),
)

const insertDoomedAtOnce = statement<NewDoomed>()(({ db, arg }) =>
  db
    .insertInto('doomed_objects')
    .values({ object_key: arg('objectKey'), since: 0, size: arg('size') })
    .onConflict((conflict) => conflict.column('object_key').doNothing()),
)

const deleteDoomed = perLength((length) =>
  statement<{ objectKeys: readonly string[] }>()(({ db, arg }) =>
    db
      .deleteFrom('doomed_objects')
      .where('object_key', 'in', places(arg('objectKeys'), length))
      .returning('object_key'),
  ),
)
