/** The state under which a database, and the name under which a bucket, keeps the note of a migration into it. */
export const migrationKey = 'migration'

/** What is on record at the target of a migration. */
export type MigrationNote = UnfinishedNote | FinishedNote

interface UnfinishedNote {
  readonly state: 'unfinished'
  /** The name that the registry has for itself: an interrupted migration of the same one may be gone on with. */
  readonly registry: string
  /** The data directory that it moves from. */
  readonly from: string
  /** ISO 8601. */
  readonly startedAt: string
}

export interface FinishedNote {
  readonly state: 'finished'
  readonly registry: string
  readonly from: string
  /** Of the note before: both targets of one migration say the same. */
  readonly startedAt: string
  readonly finishedAt: string
  /** The switch at the source, as it was: turned off or anew since, the source may have changed. */
  readonly switch: string
}

export function writeNote(note: MigrationNote): string {
  return JSON.stringify(note)
}

export function readNote(text: string): MigrationNote {
  return JSON.parse(text) as MigrationNote
}

/** Why no server may start on a store with this note; undefined: it may. */
export function unfinishedMigration(text: string | undefined, place: string): string | undefined {
  if (text === undefined) return undefined
  const note = readNote(text)
  if (note.state === 'finished') return undefined
  return `a registry is being migrated to ${place}, and not all of it is there: run the same \`berth migrate\` on ${note.from} again until it is done`
}
