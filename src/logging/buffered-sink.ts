import { write, writeSync } from 'node:fs'
import type { LineSink } from './logger.ts'

/** Lines wait at most this long. Milliseconds. */
const flushAfter = 100
/** Bytes that are written at once, and the most that wait for a slow reader of the log: then lines are dropped. */
const flushAt = 64 * 1024
const most = 16 * 1024 * 1024
/** How long the end of the process waits for a slow reader. Milliseconds. */
const endPatience = 2000

/** Gathers lines and writes them behind the requests that they tell of. */
export class BufferedSink implements LineSink {
  readonly #descriptor: number
  #lines = ''
  #writing: Buffer | undefined
  #timer: Timer | undefined
  #dropped = 0
  readonly #ended: (() => void)[] = []

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** @param lines one or several, each with its newline */
  write(lines: string): void {
    if (this.#lines.length > most) {
      this.#dropped += lines.split('\n').length - 1
      return
    }
    this.#lines += lines
    if (this.#lines.length >= flushAt) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), flushAfter)
  }

  /** Writes what is left: at once, or behind the write that is under way. Resolves when it is written. */
  end(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#writing) return new Promise((resolve) => this.#ended.push(resolve))
    this.#writeRest()
    return Promise.resolve()
  }

  #writeRest(): void {
    let rest = Buffer.from(this.#lines)
    this.#lines = ''
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
      if (error && error.code === 'EAGAIN') {
        setTimeout(() => this.#continue(), flushAfter)
        return
      }
      this.#writing = error || written >= bytes.length ? undefined : bytes.subarray(written)
      if (this.#writing) this.#continue()
      else if (this.#ended.length > 0) this.#writeRest()
      else if (this.#lines !== '') this.#flush()
    })
  }
}
