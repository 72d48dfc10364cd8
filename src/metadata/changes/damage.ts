import { algorithmOf, type Digest, digestOf } from '../../oci/digest.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import type { LinkAddress } from './links.ts'
import { doomObject } from './objects.ts'

/** A blob whose object was looked at. */
export interface Inspected {
  digest: Digest
  /** Another object that took its place meanwhile is not meant. */
  objectKey: string
}

/**
 * A blob whose object was found damaged or missing: no reader sees it until a push brings it again.
 * @returns false when the blob has another object by now, or none
 */
export async function quarantineBlob(tx: Transaction, damage: Inspected): Promise<boolean> {
  return (await tx.run(markDamaged, damage)) > 0
}

/** The object of a quarantined blob was found sound again. @returns false when it was not quarantined */
export async function releaseBlob(tx: Transaction, sound: Inspected): Promise<boolean> {
  return (await tx.run(markSound, sound)) > 0
}

/**
 * Compares a manifest's bytes with its digest, and marks or clears its damage by what it finds: inside the
 * transaction, so that a push which heals it meanwhile is never taken for damaged.
 */
export async function checkManifest(
  tx: Transaction,
  address: LinkAddress,
): Promise<'absent' | 'sound' | 'damaged'> {
  const manifest = await tx.first(lockManifest, address)
  if (!manifest) return 'absent'
  const sound = digestOf(manifest.bytes, algorithmOf(address.digest)) === address.digest
  if (sound && manifest.damaged_at !== null) await tx.run(clearManifest, address)
  if (!sound && manifest.damaged_at === null) await tx.run(markManifest, address)
  return sound ? 'sound' : 'damaged'
}

/** @returns false when something knows the object after all */
export async function doomUnknown(
  tx: Transaction,
  unknown: { objectKey: string; size: number; upload?: string },
): Promise<boolean> {
  if (unknown.upload !== undefined && (await tx.first(upload, { objectKey: unknown.upload }))) return false
  for (const known of [upload, blob, doomed]) if (await tx.first(known, unknown)) return false
  await doomObject(tx, unknown)
  return true
}

/** The time stays at which it was found first. */
const markDamaged = statement<Inspected>()(({ db, arg, now }) =>
  db
    .updateTable('blobs')
    .set(({ fn }) => ({ damaged_at: fn.coalesce('damaged_at', now) }))
    .where('digest', '=', arg('digest'))
    .where('object_key', '=', arg('objectKey')),
)

const markSound = statement<Inspected>()(({ db, arg }) =>
  db
    .updateTable('blobs')
    .set({ damaged_at: null })
    .where('digest', '=', arg('digest'))
    .where('object_key', '=', arg('objectKey'))
    .where('damaged_at', 'is not', null),
)

const lockManifest = statement<LinkAddress>()(({ db, arg, dialect }) =>
  db
    .selectFrom('manifests')
    .select(['bytes', 'damaged_at'])
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forNoKeyUpdate()),
)

const markManifest = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .updateTable('manifests')
    .set({ damaged_at: now })
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

const clearManifest = statement<LinkAddress>()(({ db, arg }) =>
  db
    .updateTable('manifests')
    .set({ damaged_at: null })
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

interface ObjectOf {
  objectKey: string
}

const upload = statement<ObjectOf>()(({ db, arg }) =>
  db
    .selectFrom('uploads')
    .select('id as known')
    .where((eb) => eb.or([eb('object_key', '=', arg('objectKey')), eb('target_key', '=', arg('objectKey'))]))
    .limit(1),
)

const blob = statement<ObjectOf>()(({ db, arg }) =>
  db.selectFrom('blobs').select('digest as known').where('object_key', '=', arg('objectKey')),
)

const doomed = statement<ObjectOf>()(({ db, arg }) =>
  db.selectFrom('doomed_objects').select('object_key as known').where('object_key', '=', arg('objectKey')),
)
