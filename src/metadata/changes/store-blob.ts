import type { Digest } from '../../oci/digest.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { doomObject } from './objects.ts'

interface NewBlob {
  digest: Digest
  objectKey: string
  size: number
}

/** Makes the object the blob's, unless the digest is stored already and sound: then the new one is doomed. */
export async function storeBlob(tx: Transaction, commit: NewBlob): Promise<void> {
  const { digest, objectKey, size } = commit
  while ((await tx.run(insertBlob, commit)) === 0) {
    const stored = await tx.first(lockBlob, { digest })
    // The collector took the row after the insert saw it: now there is room.
    if (!stored) continue
    if (stored.damaged_at === null) return doomObject(tx, { objectKey, size, neverRead: true })
    await tx.run(healBlob, commit)
    return doomObject(tx, { objectKey: stored.object_key, size: stored.size })
  }
}

const insertBlob = statement<NewBlob>()(({ db, arg, now }) =>
  db
    .insertInto('blobs')
    .values({ digest: arg('digest'), object_key: arg('objectKey'), size: arg('size'), created_at: now })
    .onConflict((conflict) => conflict.column('digest').doNothing()),
)

const lockBlob = statement<{ digest: Digest }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('blobs')
    .select(['object_key', 'size', 'damaged_at'])
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forNoKeyUpdate()),
)

const healBlob = statement<NewBlob>()(({ db, arg }) =>
  db
    .updateTable('blobs')
    .set({ object_key: arg('objectKey'), size: arg('size'), damaged_at: null })
    .where('digest', '=', arg('digest')),
)
