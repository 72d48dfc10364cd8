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

interface Checking {
  readonly losses: Told<Loss>
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Checks the bytes of every manifest against their digest, and reads from them what they refer to. What is damaged is
 * quarantined: no reader gets it, and the next push heals it.
 */
export function checkManifests(database: Database, { losses, now }: Checking): void {
  const live =
    'select rowid, repository, digest, media_type, bytes from manifests where rowid > ? order by rowid limit ?'
  const mark = database.query<unknown, SQLQueryBindings[]>(
    'update manifests set damaged_at = ? where rowid = ?',
  )
  for (const row of rowsOf(database, live)) {
    const sound = isSound(row)
    mark.run(sound ? null : now, row.rowid)
    if (!sound) losses.add(lossOf(row, false))
    insertReferences(database, row, sound ? referencesOf(row) : possibleReferences(row))
  }
  const trashed =
    'select m.rowid, t.repository, m.digest, m.media_type, m.bytes from trashed_manifests m left join trash t on t.id = m.trash where m.rowid > ? order by m.rowid limit ?'
  const drop = database.query<unknown, [number]>('delete from trashed_manifests where rowid = ?')
  for (const row of rowsOf(database, trashed)) {
    if (row.repository === null || !isSound(row)) losses.add(lossOf(row, true))
    if (row.repository === null) drop.run(row.rowid)
  }
}

function lossOf({ repository, digest }: ManifestOf, trash: boolean): Loss {
  return { kind: 'manifest', repository: repository ?? '', digest, trash }
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

type Reference = Pick<ManifestReference, 'digest' | 'role'>

function referencesOf(row: ManifestOf): readonly Reference[] {
  try {
    return parseManifest(row.bytes, row.media_type).references
  } catch {
    // An older Berth took it.
    return possibleReferences(row)
  }
}

/** Whatever it may refer to is held, until it is pushed again or deleted. */
function possibleReferences({ bytes }: ManifestOf): readonly Reference[] {
  const text = Buffer.from(bytes).toString('latin1')
  const digests = text.match(/\bsha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})\b/g)
  return [...new Set(digests)].map((digest) => ({ digest: digest as Digest, role: 'layer' }))
}

function insertReferences(
  database: Database,
  { repository, digest: manifest }: ManifestOf,
  references: readonly Reference[],
): void {
  const insert = database.query<unknown, SQLQueryBindings[]>(
    'insert or ignore into manifest_references (repository, manifest, digest, role) values (?, ?, ?, ?)',
  )
  for (const { digest, role } of references) insert.run(repository, manifest, digest, role)
}
