import { writeSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { createPrivate, logPath, syncDirectory } from './files.ts'
import { encodeFrame } from './frames.ts'
import { encodeRecords, type JournalRecord } from './records.ts'

/** A log that is appended to. What is written is in the page cache, where the end of this process leaves it. */
export class LogFile {
  readonly number: number
  readonly #file: FileHandle
  #records = 0
  #size: number
  #failure: unknown

  private constructor(number: number, file: FileHandle, size: number) {
    this.number = number
    this.#file = file
    this.#size = size
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

  /** Bytes. */
  get size(): number {
    return this.#size
  }

  /**
   * Writes at once: a few microseconds into memory. After a failure nothing more is written, and `sync` tells.
   * @param at milliseconds since 1970
   */
  append(records: readonly JournalRecord[], at: number): void {
    if (this.#failure) return
    const frame = encodeFrame(
      { kind: 'records', count: records.length, before: this.#records, at },
      encodeRecords(records),
    )
    try {
      for (let done = 0; done < frame.length; )
        done += writeSync(this.#file.fd, frame, done, frame.length - done, this.#size + done)
      this.#size += frame.length
      this.#records += records.length
    } catch (error) {
      this.#failure = error
    }
  }

  /** Resolves with the size of what is durable: everything appended before the call. */
  async sync(): Promise<number> {
    if (this.#failure) throw this.#failure
    const size = this.#size
    await this.#file.datasync()
    // Somebody may have taken the journal away under a running server: what is written here would be nowhere.
    if ((await this.#file.stat()).nlink === 0) throw new Error(`the journal's log ${this.number} was removed`)
    return size
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
