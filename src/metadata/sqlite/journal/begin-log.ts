import { listJournal, makeJournalDirectory, removeFiles } from './files.ts'
import { LogFile } from './log-file.ts'
import type { JournalQueue } from './queue.ts'

/** A log to append to, and what stands before it. */
export interface BegunLog {
  readonly log: LogFile
  /** Whether it was there. */
  readonly resumed: boolean
  /** The logs that the snapshot does not stand for, without this one. */
  readonly older: { readonly count: number; readonly bytes: number }
  /** Bytes; undefined: there is none that can be built on. */
  readonly snapshotSize: number | undefined
}

/**
 * Goes on with the log that the database knows, or begins one. Files that are not as this database left them, because
 * one of the two was put back or taken away, are no ground to build on: a new snapshot must take their place.
 */
export async function beginLog(options: {
  directory: string
  queue: JournalQueue
  head: Uint8Array
}): Promise<BegunLog> {
  const { directory, queue, head } = options
  await makeJournalDirectory(directory)
  const { logs, snapshots, partial } = await listJournal(directory)
  await removeFiles(partial)
  const position = queue.position()
  const newest = logs.at(-1)
  const known =
    position !== undefined &&
    newest?.number === position.log &&
    // What is behind the position waits in the queue, too.
    (newest.size === position.size || (newest.size > position.size && queue.count() > 0))
  const snapshot = snapshots.at(-1)
  const resumed = known && newest.size === position.size
  const log = resumed
    ? await LogFile.resume(directory, position, head)
    : await LogFile.create(
        directory,
        Math.max(newest?.number ?? 0, snapshot?.number ?? 0, position?.log ?? 0) + 1,
        head,
      )
  try {
    queue.trim(0, { log: log.number, size: log.size })
  } catch (error) {
    // The next attempt opens it anew; a handle that is only forgotten would end this thread.
    await log.close()
    throw error
  }
  const older = resumed ? logs.slice(0, -1) : logs
  return {
    log,
    resumed,
    older: { count: older.length, bytes: older.reduce((bytes, { size }) => bytes + size, 0) },
    snapshotSize: known ? snapshot?.size : undefined,
  }
}
