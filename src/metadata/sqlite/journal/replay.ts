import { basename } from 'node:path'
import { type JournalFile, listJournal } from './files.ts'
import { decodeHead, type FileHead, ownTables } from './head.ts'
import { readFrames } from './read-file.ts'
import { decodeRecords, type JournalRecord } from './records.ts'

/** A record, with the columns that its file says its values are of. */
export interface ReplayedRecord {
  readonly kind: 'record'
  readonly record: JournalRecord
  readonly columns: readonly string[]
  /** How many of the columns are the key. */
  readonly key: number
}

/** What can't be told any more. */
export interface JournalLoss {
  readonly kind: 'loss'
  readonly file: string
  /**
   * `torn`: the last write was cut short, as a crash does. `damaged`: bytes in the middle are not what was written.
   * `incomplete`: a snapshot without its end.
   */
  readonly what: 'torn' | 'damaged' | 'incomplete' | 'no snapshot'
  readonly bytes: number
  /** Records that were lost; undefined: nobody knows. */
  readonly records: number | undefined
  /** When the last record before it was written. Milliseconds since 1970. */
  readonly after: number | undefined
}

/** Everything that the journal tells, in the order in which it must be put together. */
export async function* replayJournal(directory: string): AsyncGenerator<ReplayedRecord | JournalLoss> {
  const { logs, snapshots } = await listJournal(directory)
  const snapshot = snapshots.at(-1)
  if (snapshot) yield* replayFile(snapshot, { snapshot: true, last: false })
  else yield lossOf('', 'no snapshot', {})
  const behind = logs.filter(({ number }) => number >= (snapshot?.number ?? 0))
  for (const log of behind) yield* replayFile(log, { snapshot: false, last: log === behind.at(-1) })
}

function* replayFile(
  { path }: JournalFile,
  { snapshot, last }: { snapshot: boolean; last: boolean },
): Generator<ReplayedRecord | JournalLoss> {
  const file = basename(path)
  let tables: FileHead['tables'] = ownTables
  let after: number | undefined
  let ended = false
  for (const frame of readFrames(path)) {
    if (frame.kind === 'damage') {
      // Who began the next log wrote again whatever was not durable in this one.
      if (frame.tail && !snapshot && !last) continue
      const { from, to, records } = frame
      const what = frame.tail && !snapshot ? 'torn' : 'damaged'
      yield lossOf(file, what, { bytes: to - from, records, after })
      continue
    }
    after = frame.at
    if (frame.kind === 'head') tables = decodeHead(frame.content).tables
    else if (frame.kind === 'end') ended = true
    else {
      for (const record of decodeRecords(frame.content)) {
        const table = tables[record.table]
        if (table) yield { kind: 'record', record, ...table }
      }
    }
  }
  if (snapshot && !ended) yield lossOf(file, 'incomplete', { after })
}

function lossOf(
  file: string,
  what: JournalLoss['what'],
  { bytes = 0, records, after }: { bytes?: number; records?: number | undefined; after?: number | undefined },
): JournalLoss {
  return { kind: 'loss', file, what, bytes, records, after }
}
