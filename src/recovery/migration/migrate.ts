import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DataInUseError, lockData } from '../../blobs/filesystem/data-lock.ts'
import { DurableDirectories } from '../../blobs/filesystem/durable-directories.ts'
import { recordedIdentity } from '../../blobs-place.ts'
import {
  type DataDirectory,
  DataDirectoryError,
  metadataFile,
  openExistingData,
} from '../../data-directory.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { TargetRows } from '../../metadata/migration-target.ts'
import { MovingDatabase } from '../../metadata/sqlite/moving-database.ts'
import { Tally } from '../tally.ts'
import { type BlobTarget, claim, examine, finishedAlready, type Targets } from './claim.ts'
import { BlobMove, copyWhileServing, type DamagedBlob, movedKey } from './move-blobs.ts'
import { compareTables, moveTables } from './move-tables.ts'
import { type FinishedNote, writeNote } from './note.ts'

export interface Migration extends Targets {
  readonly data: string
  /** Blobs that are copied at once. */
  readonly width: number
  /** Whether every blob is read at the target and compared with its digest. */
  readonly verifyAll: boolean
  /** Nothing is written, and the registry goes on taking writes. */
  readonly dryRun: boolean
  /** Turns the source's switch; what was acknowledged before is on record afterwards, and nothing is after it. */
  goReadOnly(metadata: MetadataStore): Promise<void>
  /** Milliseconds since 1970. */
  now(): number
  progress(phase: Phase, state: { done: number; total: number }): void
}

export type Phase = 'blobs' | 'metadata'

export interface Migrated {
  readonly data: string
  /** Blobs and their bytes that the registry holds, without those that are damaged. */
  readonly blobs: { readonly count: number; readonly bytes: number }
  /** Rows of each table that moves. */
  readonly tables: Readonly<Record<string, number>>
  /** Undefined: it was a dry run. */
  readonly done: Done | undefined
  /** Whether it has accounts. */
  readonly closed: boolean
  /** Whether an earlier run began it. */
  readonly resumed: boolean
}

export interface Done {
  readonly finishedAt: string
  /** Whether it was finished by an earlier run: nothing was done now. */
  readonly already: boolean
  readonly copied: Tally
  /** Blobs that an earlier run had copied. */
  readonly there: Tally
  /** Of those that were copied, the ones that were copied while the registry was read-only. */
  readonly copiedInPause: Tally
  /** Objects that were found at the target in their size. */
  readonly verified: number
  /** Objects of blobs that went meanwhile. */
  readonly removed: number
  readonly damaged: readonly DamagedBlob[]
  /** Milliseconds from the switch until all was there and compared. */
  readonly pause: number
}

const readOnlySwitch = 'read-only'

/**
 * Moves a registry out of its data directory while it serves; only its last part needs that nobody writes. At every
 * instant the source is whole, and the target is either unfinished, where no server starts, or whole.
 * @throws DataDirectoryError, STORAGE_UNAVAILABLE
 */
export async function migrateRegistry(migration: Migration): Promise<Migrated> {
  await using source = await openExistingData({ data: migration.data })
  const database = new MovingDatabase(metadataFile(source.path))
  try {
    return await new Moving(migration, source, database).run()
  } finally {
    database.close()
  }
}

class Moving {
  readonly #migration: Migration
  readonly #source: DataDirectory
  readonly #database: MovingDatabase

  constructor(migration: Migration, source: DataDirectory, database: MovingDatabase) {
    this.#migration = migration
    this.#source = source
    this.#database = database
  }

  async run(): Promise<Migrated> {
    const { dryRun } = this.#migration
    const registry = this.#database.state('registry')
    if (!registry) throw new DataDirectoryError(`the registry in ${this.#source.path} has no name for itself`)
    if (dryRun) return this.#outcome(undefined, await this.#examine(registry))
    const lock = await lockMigration(this.#source.path)
    try {
      const claims = await this.#examine(registry)
      const finished = finishedAlready(this.#migration, claims)
      if (finished) return this.#outcome(doneBefore(finished), claims)
      const startedAt =
        claims.metadata?.startedAt ?? claims.blobs?.startedAt ?? new Date(this.#migration.now()).toISOString()
      await claim(this.#migration, claims, {
        state: 'unfinished',
        registry,
        from: this.#source.path,
        startedAt,
      })
      return this.#outcome(await this.#move(registry, startedAt), claims)
    } finally {
      await lock.release()
    }
  }

  #examine(registry: string) {
    return examine(this.#migration, {
      registry,
      data: this.#source.path,
      switch: this.#database.state(readOnlySwitch),
    })
  }

  async #move(registry: string, startedAt: string): Promise<Done> {
    const { blobs: target, goReadOnly } = this.#migration
    if (target && !this.#migration.metadata) this.#requireSameKeys(target)
    const move = target && this.#blobMove(target)
    if (move) await copyWhileServing(move)
    const switched = performance.now()
    await goReadOnly(this.#source.metadata)
    const before = { ...(move?.copied ?? new Tally()) }
    this.#database.freeze()
    const settled = await this.#finish({ registry, startedAt }, move)
    const copied = move?.copied ?? new Tally()
    const copiedInPause = new Tally()
    copiedInPause.count = copied.count - before.count
    copiedInPause.bytes = copied.bytes - before.bytes
    return {
      ...settled,
      already: false,
      copied,
      there: move?.there ?? new Tally(),
      copiedInPause,
      damaged: [...(move?.damaged.values() ?? [])],
      pause: Math.round(performance.now() - switched),
    }
  }

  /** Metadata that stays names the objects as it does now. */
  #requireSameKeys(target: BlobTarget): void {
    for (const blob of this.#database.blobs())
      if (movedKey({ target }, blob) !== blob.objectKey)
        throw new DataDirectoryError(
          `${target.place} has another name for ${blob.objectKey}: migrate the metadata too, with --to-metadata`,
        )
  }

  #blobMove(target: BlobTarget): BlobMove {
    const { width, verifyAll, progress } = this.#migration
    const total = this.#database.total().bytes
    let done = 0
    return new BlobMove({
      database: this.#database,
      source: this.#source.blobs,
      target,
      width,
      verifyAll,
      progress: (bytes) => {
        done += bytes
        progress('blobs', { done: Math.min(done, total), total })
      },
    })
  }

  async #finish(
    { registry, startedAt }: { registry: string; startedAt: string },
    move: BlobMove | undefined,
  ): Promise<Pick<Done, 'finishedAt' | 'verified' | 'removed'>> {
    const { metadata, blobs, now } = this.#migration
    const note: FinishedNote = {
      state: 'finished',
      registry,
      from: this.#source.path,
      startedAt,
      finishedAt: new Date(now()).toISOString(),
      switch: this.#database.state(readOnlySwitch) ?? '',
    }
    const finishBlobs = async () => {
      if (!move || !blobs) return { verified: 0, removed: 0 }
      await move.pass()
      const settled = await move.settle()
      if (await this.#isClosed()) await blobs.store.markClosed()
      const identity = await recordedIdentity(this.#source.metadata)
      if (identity !== undefined) await blobs.store.identify(identity)
      await blobs.store.setMigration(writeNote(note))
      return settled
    }
    if (!metadata) return { finishedAt: note.finishedAt, ...(await finishBlobs()) }
    let settled = { verified: 0, removed: 0 }
    await metadata.fill(async (rows) => {
      const [moved, blobsDone] = await both(this.#moveTables(rows), finishBlobs())
      await compareTables(rows, moved)
      if (move && move.damaged.size > 0) await rows.markDamaged([...move.damaged.keys()], now())
      settled = blobsDone
      return writeNote(note)
    })
    return { finishedAt: note.finishedAt, ...settled }
  }

  /** By its database, or by the mark beside its blobs. */
  async #isClosed(): Promise<boolean> {
    return this.#database.isClosed() || (await this.#source.blobs.isMarkedClosed())
  }

  #moveTables(rows: TargetRows) {
    const { blobs: target, now, progress } = this.#migration
    const total = Object.values(this.#tables()).reduce((sum, count) => sum + count, 0)
    let done = 0
    return moveTables({
      database: this.#database,
      rows,
      keyOf: target && ((blob) => movedKey({ target }, blob)),
      now: now(),
      progress: (count) => {
        done += count
        progress('metadata', { done: Math.min(done, total), total })
      },
    })
  }

  #tables(): Record<string, number> {
    if (!this.#migration.metadata) return {}
    return Object.fromEntries(this.#database.tables().map(({ name }) => [name, this.#database.count(name)]))
  }

  async #outcome(done: Done | undefined, claims: { metadata: unknown; blobs: unknown }): Promise<Migrated> {
    return {
      data: this.#source.path,
      blobs: this.#database.total(),
      tables: this.#tables(),
      done,
      closed: await this.#isClosed(),
      resumed: claims.metadata !== undefined || claims.blobs !== undefined,
    }
  }
}

function doneBefore({ finishedAt }: FinishedNote): Done {
  return {
    finishedAt,
    already: true,
    copied: new Tally(),
    there: new Tally(),
    copiedInPause: new Tally(),
    verified: 0,
    removed: 0,
    damaged: [],
    pause: 0,
  }
}

/** Waits for both, also where one fails: nothing goes on behind the failure. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second])
  return [await first, await second]
}

/** Two at once would remove what the other just brought. @throws DataDirectoryError */
async function lockMigration(data: string): Promise<{ release(): Promise<void> }> {
  const directory = join(data, 'migration')
  const directories = new DurableDirectories()
  await directories.make(directory).finally(() => directories.close())
  try {
    const lock = lockData(directory)
    return {
      async release() {
        lock.release()
        await rm(directory, { recursive: true, force: true })
      },
    }
  } catch (error) {
    if (!(error instanceof DataInUseError)) throw error
    throw new DataDirectoryError(`another \`berth migrate\` is at work on ${data}: wait until it is done`)
  }
}
