import { write, writeSync } from 'node:fs'
import type { LineSink } from './logger.ts'

/** Lines wait at most this long. Milliseconds. */
const flushAfter = 100
/** Bytes that are written at once. */
const chunkSize = 64 * 1024
/** Bytes that wait for a slow reader of the log: beyond them lines are dropped. */
const most = 16 * 1024 * 1024
/** How long the end of the process waits for a slow reader. Milliseconds. */
const endPatience = 2000
/** Bytes of UTF-8 for one unit of a string, at most. */
const widest = 3

/**
 * Gathers lines and writes them behind the requests that they tell of. Each becomes bytes at once, while the pieces that
 * it was put together from are at hand: hundreds of lines that wait as strings cost more than the writing.
 */
export class BufferedSink implements LineSink {
  readonly #descriptor: number
  #chunk = Buffer.allocUnsafeSlow(chunkSize)
  #used = 0
  /** What is to be written before the chunk; the first of them is being written. */
  #before: Buffer[] = []
  #waiting = 0
  #writing = false
  #timer: Timer | undefined
  #dropped = 0
  readonly #ended: (() => void)[] = []

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** @param lines one or several, each with its newline */
  write(lines: string): void {
    if (this.#waiting > most) {
      this.#dropped += lines.split('\n').length - 1
      return
    }
    if (this.#dropped > 0) this.#endChunk()
    if (lines.length * widest > chunkSize - this.#used) this.#makeRoom(lines)
    else this.#used += this.#chunk.write(lines, this.#used)
    this.#flushSoon()
  }

  /** Writes what is left: at once, or behind the write that is under way. Resolves when it is written. */
  end(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#writing) return new Promise((resolve) => this.#ended.push(resolve))
    this.#writeRest()
    return Promise.resolve()
  }

  #makeRoom(lines: string): void {
    this.#endChunk()
    if (lines.length * widest > chunkSize) this.#putBehind(Buffer.from(lines))
    else this.#used = this.#chunk.write(lines)
    if (!this.#writing) this.#writeNext()
  }

  #flushSoon(): void {
    if (this.#used > 0) this.#timer ??= setTimeout(() => this.#flush(), flushAfter)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // Behind a slow reader a chunk fills up first: one for each moment would hold far more memory than lines.
    if (this.#writing) return
    this.#endChunk()
    this.#writeNext()
  }

  #endChunk(): void {
    if (this.#used > 0) {
      this.#putBehind(this.#chunk.subarray(0, this.#used))
      this.#chunk = Buffer.allocUnsafeSlow(chunkSize)
      this.#used = 0
    }
    if (this.#dropped === 0) return
    this.#putBehind(
      Buffer.from(`${this.#dropped} lines of the log were dropped: whatever reads it is too slow\n`),
    )
    this.#dropped = 0
  }

  #putBehind(bytes: Buffer): void {
    this.#before.push(bytes)
    this.#waiting += bytes.length
  }

  #writeNext(): void {
    if (this.#ended.length > 0) {
      this.#writeRest()
      return
    }
    const [bytes] = this.#before
    this.#writing = bytes !== undefined
    if (!bytes) this.#flushSoon()
    else write(this.#descriptor, bytes, (error, written) => this.#wrote(bytes, error, written))
  }

  #wrote(bytes: Buffer, error: NodeJS.ErrnoException | null, written: number): void {
    if (error?.code === 'EAGAIN') {
      setTimeout(() => this.#writeNext(), flushAfter)
      return
    }
    // Any other error says that nobody reads the log any more.
    const taken = error ? bytes.length : written
    this.#waiting -= taken
    if (taken < bytes.length) this.#before[0] = bytes.subarray(taken)
    else this.#before.shift()
    this.#writeNext()
  }

  #writeRest(): void {
    this.#endChunk()
    let rest = Buffer.concat(this.#before)
    this.#before = []
    const deadline = Date.now() + endPatience
    while (rest.length > 0 && Date.now() < deadline) {
      try {
        rest = rest.subarray(writeSync(this.#descriptor, rest))
      } catch (error) {
        // Anything else says that nobody reads the log any more.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') break
        Bun.sleepSync(1)
      }
    }
    for (const resolve of this.#ended.splice(0)) resolve()
  }
}
