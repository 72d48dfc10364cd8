import type { Database, SQLQueryBindings } from 'bun:sqlite'
import { algorithmOf, type Digest, digestOf } from '../../../oci/digest.ts'
import { type ManifestReference, parseManifest } from '../../../oci/manifest.ts'
import type { Loss, Told } from './losses.ts'

/** Rows that are looked at together: each may be a manifest of 4 MiB. */
const together = 20

interface ManifestOf {
  rowid: number
  /** Null: of a deletion that is lost. */
  repository: string | null
  digest: Digest
  media_type: string
  bytes: Uint8Array
}

/**
 * Checks the bytes of every manifest, live or in the trash, against their digest, and reads from those that live what
 * they refer to. What is not sound goes.
 */
export function checkManifests(database: Database, losses: Told<Loss>): void {
  const live =
    'select rowid, repository, digest, media_type, bytes from manifests where rowid > ? order by rowid limit ?'
  for (const row of rowsOf(database, live)) {
    const references = referencesOf(row)
    if (references) insertReferences(database, row, references)
    else {
      database.query<unknown, [number]>('delete from manifests where rowid = ?').run(row.rowid)
      losses.add({ kind: 'manifest', repository: row.repository ?? '', digest: row.digest, trash: false })
    }
  }
  const trashed =
    'select m.rowid, t.repository, m.digest, m.media_type, m.bytes from trashed_manifests m left join trash t on t.id = m.trash where m.rowid > ? order by m.rowid limit ?'
  for (const row of rowsOf(database, trashed)) {
    if (row.repository === null || !isSound(row)) {
      database.query<unknown, [number]>('delete from trashed_manifests where rowid = ?').run(row.rowid)
      losses.add({ kind: 'manifest', repository: row.repository ?? '', digest: row.digest, trash: true })
    }
  }
}

function* rowsOf(database: Database, text: string): Generator<ManifestOf> {
  const page = database.query<ManifestOf, [number, number]>(text)
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const rows = page.all(after, together)
    yield* rows
    const last = rows.at(-1)
    if (!last) return
    after = last.rowid
  }
}

function isSound({ bytes, digest }: ManifestOf): boolean {
  return digestOf(bytes, algorithmOf(digest)) === digest
}

function referencesOf(row: ManifestOf): readonly ManifestReference[] | undefined {
  if (!isSound(row)) return undefined
  try {
    return parseManifest(row.bytes, row.media_type).references
  } catch {
    // An older Berth took it: whatever it may refer to is held.
    const digests = Buffer.from(row.bytes)
      .toString('latin1')
      .match(/sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})/g)
    return [...new Set(digests)].map((digest) => ({
      digest: digest as Digest,
      role: 'layer',
      foreign: false,
    }))
  }
}

function insertReferences(
  database: Database,
  { repository, digest: manifest }: ManifestOf,
  references: readonly ManifestReference[],
): void {
  const insert = database.query<unknown, SQLQueryBindings[]>(
    'insert or ignore into manifest_references (repository, manifest, digest, role) values (?, ?, ?, ?)',
  )
  for (const { digest, role } of references) insert.run(repository, manifest, digest, role)
}
