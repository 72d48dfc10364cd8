import { type FileHandle, open, rm } from 'node:fs/promises'
import { createPrivate, logPath, syncDirectory } from './files.ts'
import { encodeFrame } from './frames.ts'
import { encodeRecords, type JournalRecord } from './records.ts'

/** A log that is appended to: what is handed over is written in order behind the caller's back. */
export class LogFile {
  readonly number: number
  readonly #file: FileHandle
  #records = 0
  /** Bytes that are written, and bytes that wait for it. */
  #written: number
  #gathered: Uint8Array[] = []
  #waiting = 0
  #writing: Promise<void> | undefined
  #failure: unknown

  private constructor(number: number, file: FileHandle, size: number) {
    this.number = number
    this.#file = file
    this.#written = size
  }

  /** Begins a log whose name and head are durable; where that fails, there is none. */
  static async create(directory: string, number: number, head: Uint8Array): Promise<LogFile> {
    const path = logPath(directory, number)
    const file = await createPrivate(path)
    try {
      await writeFully(file, head, 0)
      await file.sync()
      await syncDirectory(directory)
      return new LogFile(number, file, head.length)
    } catch (error) {
      await file.close()
      await rm(path, { force: true })
      throw error
    }
  }

  /** Goes on at the end of a log, with a head of this process's own. */
  static async resume(
    directory: string,
    { log, size }: { log: number; size: number },
    head: Uint8Array,
  ): Promise<LogFile> {
    const file = await open(logPath(directory, log), 'r+')
    try {
      await writeFully(file, head, size)
      await file.datasync()
      return new LogFile(log, file, size + head.length)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Bytes of the file once everything is written. */
  get size(): number {
    return this.#written + this.#waiting
  }

  /** Bytes that are not written yet. */
  get waiting(): number {
    return this.#waiting
  }

  /** @param at milliseconds since 1970 */
  append(records: readonly JournalRecord[], at: number): void {
    const frame = encodeFrame(
      { kind: 'records', count: records.length, before: this.#records, at },
      encodeRecords(records),
    )
    this.#records += records.length
    this.#gathered.push(frame)
    this.#waiting += frame.length
    this.#writing ??= this.#writeAll()
  }

  /** Resolves with the size of what is durable: everything appended before the call. */
  async sync(): Promise<number> {
    while (this.#writing) await this.#writing
    if (this.#failure) throw this.#failure
    const size = this.#written
    await this.#file.datasync()
    // Somebody may have taken the journal away under a running server: what is written here would be nowhere.
    if ((await this.#file.stat()).nlink === 0) throw new Error(`the journal's log ${this.number} was removed`)
    return size
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing
    await this.#file.close()
  }

  async #writeAll(): Promise<void> {
    // What the same turn brings goes in one write.
    await Promise.resolve()
    try {
      while (this.#gathered.length > 0 && !this.#failure) {
        const bytes = Buffer.concat(this.#gathered)
        this.#gathered = []
        await writeFully(this.#file, bytes, this.#written)
        this.#written += bytes.length
        this.#waiting -= bytes.length
      }
    } catch (error) {
      this.#failure = error
    } finally {
      this.#writing = undefined
    }
  }
}

export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
