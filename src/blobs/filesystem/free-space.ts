import { statfs } from 'node:fs/promises'

/** Milliseconds. */
const oldest = 1000

/** What is free where the data lies. At most a second old: a disk that fills up faster refuses the write itself. */
export class FreeSpace {
  readonly #data: string
  #free: Promise<number> | undefined
  #askedAt = 0

  constructor(data: string) {
    this.#data = data
  }

  /** @returns bytes */
  read(): Promise<number> {
    if (!this.#free || performance.now() - this.#askedAt > oldest) {
      this.#askedAt = performance.now()
      this.#free = statfs(this.#data).then(({ bavail, bsize }) => bavail * bsize)
      this.#free.catch(() => {
        this.#free = undefined
      })
    }
    return this.#free
  }
}
