import type { ObjectKey, ReadsObjects } from '../../blobs/blob-store.ts'
import type { MovingBlob, MovingDatabase } from '../../metadata/sqlite/moving-database.ts'
import { algorithmOf, type Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { sideBySide } from '../side-by-side.ts'
import { Tally } from '../tally.ts'
import type { BlobTarget } from './claim.ts'

export interface BlobMoving {
  readonly database: MovingDatabase
  readonly source: ReadsObjects
  readonly target: BlobTarget
  /** Blobs that are copied at once. */
  readonly width: number
  /** Whether every blob is read at the target and compared with its digest. */
  readonly verifyAll: boolean
  /** Told of bytes as they go, of blobs that were there too. */
  progress(bytes: number): void
}

export interface DamagedBlob {
  readonly digest: Digest
  readonly objectKey: ObjectKey
  readonly why: 'damaged' | 'missing'
}

/** Bytes that are read at once. */
const pieceSize = 1024 * 1024
/** Objects that are removed at once. */
const removedAtOnce = 1000

/** Where a blob lies at the target: the same on every attempt, so that what was copied before is found. */
export function movedKey(
  { target }: Pick<BlobMoving, 'target'>,
  { objectKey, digest }: Pick<MovingBlob, 'objectKey' | 'digest'>,
): ObjectKey {
  return target.store.committedKey(objectKey.slice(objectKey.lastIndexOf('.') + 1), digest)
}

/** Another pass while the registry serves is worth its time as long as the last one found this much. */
const worthAnotherPass = { blobs: 50, bytes: 64 * 1024 * 1024 }
const mostPasses = 6

/** Brings the blobs of a registry to the target, in as many passes as it takes. */
export class BlobMove {
  readonly copied = new Tally()
  /** Blobs that were at the target when this run began. */
  readonly there = new Tally()
  /** What the last pass could not copy. */
  readonly damaged = new Map<Digest, DamagedBlob>()
  readonly #moving: BlobMoving
  /** Sizes of the objects that are at the target. */
  readonly #present = new Map<ObjectKey, number>()
  readonly #compared = new Set<ObjectKey>()
  #passes = 0

  constructor(moving: BlobMoving) {
    this.#moving = moving
  }

  /** Sees what an attempt before brought. An object is there whole, and was compared with its digest, or not at all. */
  async begin(): Promise<void> {
    const { store } = this.#moving.target
    await store.dropUnfinished()
    for await (const page of store.listStorage())
      for (const { name, key, size } of page)
        if (key !== undefined) this.#present.set(key, size ?? (await store.describe(name))?.size ?? -1)
  }

  /** Copies every blob that the registry holds now and that is not there yet. @returns what was copied */
  async pass(): Promise<Tally> {
    const { database, width, progress } = this.#moving
    const copied = new Tally()
    this.damaged.clear()
    await sideBySide(database.blobs(), width, async (blob) => {
      if (blob.damaged) return
      const key = movedKey(this.#moving, blob)
      if (this.#present.get(key) === blob.size && (await this.#isSound(key, blob))) {
        if (this.#passes === 0) {
          this.there.add(blob.size)
          progress(blob.size)
        }
        return
      }
      const why = await this.#copy(key, blob)
      if (why === undefined) {
        this.#present.set(key, blob.size)
        this.copied.add(blob.size)
        copied.add(blob.size)
        // What went meanwhile is none of the registry's any more.
      } else if (database.holds(blob))
        this.damaged.set(blob.digest, { digest: blob.digest, objectKey: blob.objectKey, why })
    })
    this.#passes += 1
    return copied
  }

  /**
   * Sees, when the registry changes no more, that the target holds each of its blobs in its size, and removes the
   * objects of those that went since they were copied.
   */
  async settle(): Promise<{ verified: number; removed: number }> {
    const { database, target } = this.#moving
    const expected = new Map<ObjectKey, number>()
    for (const blob of database.blobs())
      if (!blob.damaged && !this.damaged.has(blob.digest))
        expected.set(movedKey(this.#moving, blob), blob.size)
    const verified = expected.size
    const extra: ObjectKey[] = []
    for await (const page of target.store.listStorage())
      for (const { key, size } of page) {
        if (key === undefined) continue
        if (!expected.has(key)) extra.push(key)
        else if (size === expected.get(key)) expected.delete(key)
      }
    // Not every server lists at once what it has.
    for (const [key, size] of expected)
      if ((await target.store.size(key)) !== size)
        throw new RegistryError(
          'STORAGE_UNAVAILABLE',
          `${target.place} does not hold ${key} as it was written: run the same command again`,
        )
    for (let start = 0; start < extra.length; start += removedAtOnce)
      await target.store.remove(extra.slice(start, start + removedAtOnce))
    return { verified, removed: extra.length }
  }

  async #copy(key: ObjectKey, blob: MovingBlob): Promise<DamagedBlob['why'] | undefined> {
    const why = await this.#write(key, blob)
    if (why === undefined && !(await this.#isSound(key, blob)))
      throw new RegistryError(
        'STORAGE_UNAVAILABLE',
        `${this.#moving.target.place} gave other bytes for ${key} than were written: nothing can be kept there`,
      )
    return why
  }

  async #write(
    key: ObjectKey,
    { digest, objectKey, size }: MovingBlob,
  ): Promise<DamagedBlob['why'] | undefined> {
    const { source, target, progress } = this.#moving
    const hasher = new Bun.CryptoHasher(algorithmOf(digest))
    const writer = await target.store.create(key)
    let read = 0
    try {
      for await (const piece of source.readObject(objectKey, pieceSize)) {
        hasher.update(piece)
        read += piece.length
        // The piece is good only until the next, and the writer may keep it.
        await writer.write(piece.slice())
        progress(piece.length)
      }
      if (read !== size || hasher.digest('hex') !== digest.slice(digest.indexOf(':') + 1)) {
        await writer.discard()
        return 'damaged'
      }
      await writer.keep()
      return undefined
    } catch (error) {
      await writer.discard().catch(() => undefined)
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return 'missing'
      if (code === 'EIO') return 'damaged'
      throw error
    } finally {
      await writer.close()
    }
  }

  /** Compares what lies at the target with its digest, once, where that is asked for. */
  async #isSound(key: ObjectKey, { digest }: MovingBlob): Promise<boolean> {
    const { verifyAll, target } = this.#moving
    if (!verifyAll || this.#compared.has(key)) return true
    const hasher = new Bun.CryptoHasher(algorithmOf(digest))
    for await (const piece of target.store.readObject(key, pieceSize)) hasher.update(piece)
    if (hasher.digest('hex') !== digest.slice(digest.indexOf(':') + 1)) return false
    this.#compared.add(key)
    return true
  }
}

/** Goes over the blobs until so few come between two passes that they can wait for the pause. */
export async function copyWhileServing(move: BlobMove): Promise<void> {
  await move.begin()
  for (let passes = 1; passes <= mostPasses; passes += 1) {
    const { count, bytes } = await move.pass()
    if (count < worthAnotherPass.blobs && bytes < worthAnotherPass.bytes) return
  }
}
