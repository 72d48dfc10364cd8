import { closeSync, ftruncateSync, openSync } from 'node:fs'

/**
 * A number in memory that several processes share, moved by each commit before anybody hears of it. To look at it costs
 * nothing, where a look into the database costs as much as the rest of a pull.
 */
export class CommitSignal {
  readonly #number: Int32Array

  /** @param path a file of the signal's own, made if it is not there; what it holds means nothing */
  constructor(path: string) {
    const file = openSync(path, 'a', 0o600)
    try {
      ftruncateSync(file, Int32Array.BYTES_PER_ELEMENT)
    } finally {
      closeSync(file)
    }
    const bytes = Bun.mmap(path, { shared: true })
    this.#number = new Int32Array(bytes.buffer, bytes.byteOffset, 1)
  }

  value(): number {
    return Atomics.load(this.#number, 0)
  }

  move(): void {
    Atomics.add(this.#number, 0, 1)
  }
}
