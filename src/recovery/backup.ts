import { readdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DurableDirectories } from '../blobs/filesystem/durable-directories.ts'
import { listStoredObjects, readObject } from '../blobs/filesystem/stored-objects.ts'
import { requireBlobsPlace } from '../blobs-place.ts'
import { DataDirectoryError, metadataFile, openExistingData } from '../data-directory.ts'
import { type CopiedBlob, copyMetadata, MetadataCopy } from '../metadata/sqlite/metadata-copy.ts'
import type { Digest } from '../oci/digest.ts'
import { version } from '../version.ts'
import { claimBackup, makeMetadataFile, writeRecord } from './backup-directory.ts'
import { type CopyOutcome, copyObject, hasSize } from './copy-object.ts'
import { syncPath } from './durable-files.ts'
import { holdObjects } from './hold.ts'
import { sideBySide } from './side-by-side.ts'
import { Tally } from './tally.ts'

export interface Backup {
  readonly data: string
  readonly directory: string
  /** Whether what is copied is compared with its digest. */
  readonly verify: boolean
  /** Hard links instead of copies, on one filesystem. */
  readonly link: boolean
  /** Whether objects stay in the backup that the registry does not hold any more. */
  readonly keepRemoved: boolean
  /** Milliseconds since 1970. */
  now(): number
  progress(state: { done: number; total: number }): void
}

export interface BackedUp {
  readonly directory: string
  /** Objects that were copied now, and that were there from an earlier backup. */
  readonly copied: Tally
  readonly present: Tally
  /** Objects that went from the backup: the registry does not hold them any more. */
  readonly removed: Tally
  /** Bytes of the copy of the metadata. */
  readonly metadataBytes: number
  /** What the registry itself has lost, and no earlier backup holds. */
  readonly damaged: readonly DamagedObject[]
}

export interface DamagedObject {
  readonly digest: Digest
  readonly objectKey: string
  readonly why: Exclude<CopyOutcome, 'copied'>
}

/** Files that are copied at a time: a small one costs little but its sync. */
const copiers = 8

/**
 * Copies a registry while it serves. The metadata is copied first; the objects that it names never change, and can't be
 * removed before they are copied. Until the new backup is whole, the one before it can be restored.
 * @throws DataDirectoryError
 */
export async function backup(options: Backup): Promise<BackedUp> {
  await using source = await openExistingData({ data: options.data })
  await requireBlobsPlace(source.metadata, { blobs: source.blobs, place: source.path, together: true })
  const directory = resolve(options.directory)
  const registry = await source.metadata.getState('registry')
  if (!registry) throw new DataDirectoryError(`the registry in ${source.path} has no name for itself`)
  const lock = await claimBackup(directory, { data: source.path, registry })
  try {
    await using _ = await holdObjects(source.metadata)
    return await new Writing({ ...options, data: source.path, directory, registry }).run()
  } finally {
    lock.release()
  }
}

class Writing {
  readonly #options: Backup & { registry: string }
  readonly #directories = new DurableDirectories()
  readonly #copied = new Tally()
  readonly #present = new Tally()
  readonly #damaged: DamagedObject[] = []

  constructor(options: Backup & { registry: string }) {
    this.#options = options
  }

  async run(): Promise<BackedUp> {
    const { data, directory, registry, keepRemoved, now } = this.#options
    const startedAt = new Date(now())
    const metadata = `metadata/${startedAt.toISOString().replaceAll(/[-:]/g, '')}.sqlite`
    const path = join(directory, metadata)
    await this.#directories.make(dirname(path))
    await makeMetadataFile(path)
    copyMetadata({ from: metadataFile(data), to: path })
    const copy = new MetadataCopy(path)
    try {
      copy.leaveOutUnfinished()
      await this.#copyObjects(copy)
      const { count, bytes } = copy.total()
      await syncPath(path)
      await this.#directories.sync(dirname(path))
      const { digest, size } = await readObject(path, 'sha256:' as Digest)
      await writeRecord(directory, {
        format: 1,
        registry,
        berth: version,
        metadata,
        metadataDigest: digest,
        startedAt: startedAt.toISOString(),
        finishedAt: new Date(now()).toISOString(),
        objects: count,
        bytes,
        damaged: this.#damaged.length,
      })
      const removed = await this.#removeOld(copy, { metadata, objects: !keepRemoved })
      return {
        directory,
        copied: this.#copied,
        present: this.#present,
        removed,
        metadataBytes: size,
        damaged: this.#damaged,
      }
    } finally {
      copy.close()
      await this.#directories.close()
    }
  }

  async #copyObjects(copy: MetadataCopy): Promise<void> {
    const { progress, directory } = this.#options
    const total = copy.total().bytes
    const touched = new Set<string>()
    let done = 0
    const advance = (bytes: number) => {
      done += bytes
      progress({ done: Math.min(done, total), total })
    }
    await sideBySide(copy.blobs(), copiers, async (blob) => {
      await this.#copyBlob(copy, blob, { touched, progress: advance })
    })
    for (const path of touched) await this.#directories.sync(join(directory, path))
  }

  async #copyBlob(
    copy: MetadataCopy,
    blob: CopiedBlob,
    { touched, progress }: { touched: Set<string>; progress(bytes: number): void },
  ): Promise<void> {
    const { data, directory, link, verify, now } = this.#options
    const { digest, objectKey, size } = blob
    const to = join(directory, objectKey)
    if (await hasSize(to, size)) {
      this.#present.add(size)
      progress(size)
      // What the registry lost since, the backup still has.
      if (blob.damaged) copy.setDamaged({ digest, at: null })
      return
    }
    const outcome = blob.damaged
      ? 'damaged'
      : await this.#makeRoom(to).then(() =>
          copyObject({ from: join(data, objectKey), to, digest, size, link, verify, progress }),
        )
    if (outcome === 'copied') {
      this.#copied.add(size)
      touched.add(dirname(objectKey))
      return
    }
    this.#damaged.push({ digest, objectKey, why: outcome })
    if (!blob.damaged) copy.setDamaged({ digest, at: now() })
  }

  #makeRoom(path: string): Promise<void> {
    return this.#directories.make(dirname(path))
  }

  /** What the new backup does not name: objects that went from the registry, and earlier copies of the metadata. */
  async #removeOld(
    copy: MetadataCopy,
    { metadata, objects }: { metadata: string; objects: boolean },
  ): Promise<Tally> {
    const { directory } = this.#options
    const removed = new Tally()
    for (const name of await readdir(join(directory, 'metadata'))) {
      if (`metadata/${name}` !== metadata) await rm(join(directory, 'metadata', name), { force: true })
    }
    for await (const entry of listStoredObjects(directory)) {
      if ('strange' in entry) {
        if (entry.strange.endsWith('.partial')) await rm(join(directory, entry.strange), { force: true })
      } else if ('key' in entry && objects && !copy.names(entry.key)) {
        await rm(join(directory, entry.key), { force: true })
        removed.add(entry.size)
      }
    }
    return removed
  }
}
