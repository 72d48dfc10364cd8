import { write, writeSync } from 'node:fs'
import type { LineSink } from './logger.ts'

/** Lines wait at most this long. Milliseconds. */
const flushAfter = 100
/** Bytes that are written at once, and the most that wait for a slow reader of the log: then lines are dropped. */
const flushAt = 64 * 1024
const most = 16 * 1024 * 1024

/** Gathers lines and writes them behind the requests that they tell of. */
export class BufferedSink implements LineSink {
  readonly #descriptor: number
  #lines = ''
  #writing: Buffer | undefined
  #timer: Timer | undefined
  #dropped = 0

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  write(line: string): void {
    if (this.#lines.length > most) {
      this.#dropped += 1
      return
    }
    this.#lines += line
    if (this.#lines.length >= flushAt) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), flushAfter)
  }

  /** Writes what is left, at once: the process is about to end. */
  end(): void {
    clearTimeout(this.#timer)
    const rest = Buffer.concat([this.#writing ?? Buffer.alloc(0), Buffer.from(this.#lines)])
    this.#lines = ''
    this.#writing = undefined
    try {
      if (rest.length > 0) writeSync(this.#descriptor, rest)
    } catch {
      // Nobody reads the log any more.
    }
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing || this.#lines === '') return
    if (this.#dropped > 0) {
      this.#lines += `${this.#dropped} lines of the log were dropped: whatever reads it is too slow\n`
      this.#dropped = 0
    }
    this.#writing = Buffer.from(this.#lines)
    this.#lines = ''
    this.#continue()
  }

  #continue(): void {
    const bytes = this.#writing
    if (!bytes) return
    write(this.#descriptor, bytes, (error, written) => {
      if (this.#writing !== bytes) return
      if (error && error.code === 'EAGAIN') {
        setTimeout(() => this.#continue(), flushAfter)
        return
      }
      this.#writing = error || written >= bytes.length ? undefined : bytes.subarray(written)
      if (this.#writing) this.#continue()
      else if (this.#lines !== '') this.#flush()
    })
  }
}
