import { Database, type SQLQueryBindings } from 'bun:sqlite'
import { algorithmOf, type Digest, digestOf } from '../../oci/digest.ts'

/** A blob as a copy of the metadata names it. */
export interface CopiedBlob {
  readonly digest: Digest
  readonly objectKey: string
  readonly size: number
  readonly damaged: boolean
}

/** Blobs that are read at once. */
const together = 1000
/** Each may have 4 MiB. */
const manifestsTogether = 20

/**
 * Writes a consistent copy of a database that others use: one long read, while which its log grows but nobody waits.
 * @param to a file that is empty or not there
 */
export function copyMetadata({ from, to }: { from: string; to: string }): void {
  const database = new Database(from, { readwrite: true })
  try {
    database.run('PRAGMA busy_timeout = 10000')
    database.query<unknown, [string]>('VACUUM INTO ?').run(to)
  } finally {
    database.close()
  }
}

/** A copy of the metadata that lies in one file, and that nobody else uses. */
export class MetadataCopy {
  readonly #database: Database

  constructor(path: string) {
    this.#database = new Database(path, { readwrite: true })
    this.#database.run('PRAGMA journal_mode = DELETE')
  }

  /**
   * What only the registry that was copied can finish, is left out, as what it tells others; and what was pulled when, for whoever goes on with
   * the copy knows nothing of pulls in between.
   */
  leaveOutUnfinished(): void {
    this.#database.run("delete from state where key = 'pulls-since'")
    for (const table of [
      'deliveries',
      'pulls',
      'uploads',
      'doomed_objects',
      'holds',
      'journal_queue',
      'journal_position',
    ])
      this.#database.run(`delete from ${table}`)
  }

  /** Objects and their bytes, without those that are damaged. */
  total(): { count: number; bytes: number } {
    const row = this.#database
      .query<{ count: number; bytes: number }, []>(
        'select count(*) as count, coalesce(sum(size), 0) as bytes from blobs where damaged_at is null',
      )
      .get()
    return row ?? { count: 0, bytes: 0 }
  }

  /** By object key, so that the files of one directory come together. Rows may be changed meanwhile. */
  *blobs(): Generator<CopiedBlob> {
    const page = this.#database.query<
      { digest: Digest; object_key: string; size: number; damaged_at: number | null },
      [string, number]
    >(
      'select digest, object_key, size, damaged_at from blobs where object_key > ? order by object_key limit ?',
    )
    for (let after = ''; ; ) {
      const rows = page.all(after, together)
      for (const { digest, object_key: objectKey, size, damaged_at } of rows)
        yield { digest, objectKey, size, damaged: damaged_at !== null }
      const last = rows.at(-1)
      if (!last) return
      after = last.object_key
    }
  }

  /** @param at milliseconds since 1970; null: its object is sound */
  setDamaged({ digest, at }: { digest: Digest; at: number | null }): void {
    this.#database
      .query<unknown, SQLQueryBindings[]>('update blobs set damaged_at = ? where digest = ?')
      .run(at, digest)
  }

  names(objectKey: string): boolean {
    return (
      this.#database
        .query<unknown, [string]>('select 1 from blobs where object_key = ? and damaged_at is null')
        .get(objectKey) !== null
    )
  }

  /** @throws when the file is not a whole database */
  check(): void {
    const answer = this.#database.query<{ integrity_check: string }, []>('PRAGMA integrity_check(1)').get()
    if (answer?.integrity_check !== 'ok') throw new Error(answer?.integrity_check ?? 'it can not be read')
  }

  /** Manifests whose bytes are not what their digest says. */
  *damagedManifests(): Generator<{ repository: string; digest: Digest }> {
    const page = this.#database.query<
      { rowid: number; repository: string; digest: Digest; bytes: Uint8Array },
      [number, number]
    >('select rowid, repository, digest, bytes from manifests where rowid > ? order by rowid limit ?')
    for (let after = Number.MIN_SAFE_INTEGER; ; ) {
      const rows = page.all(after, manifestsTogether)
      for (const { repository, digest, bytes } of rows) {
        if (digestOf(bytes, algorithmOf(digest)) !== digest) yield { repository, digest }
      }
      const last = rows.at(-1)
      if (!last) return
      after = last.rowid
    }
  }

  close(): void {
    this.#database.close()
  }
}
