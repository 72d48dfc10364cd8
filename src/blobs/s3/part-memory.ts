import { RegistryError } from '../../oci/errors.ts'

/** Who waits longer than this for memory is told to come again. Milliseconds. */
const patience = 120_000

interface Waiting {
  readonly size: number
  resolve(buffer: Buffer<ArrayBuffer>): void
}

/**
 * The memory of all parts that are gathered or under way: one buffer for each, in the order in which they were asked
 * for. Buffers of the usual size are used again, so that memory stays flat.
 */
export class PartMemory {
  readonly #limit: number
  readonly #partSize: number
  readonly #idle: Buffer<ArrayBuffer>[] = []
  readonly #waiting: Waiting[] = []
  #taken = 0

  constructor(options: { limit: number; partSize: number }) {
    this.#limit = options.limit
    this.#partSize = options.partSize
  }

  get taken(): number {
    return this.#taken
  }

  /** A part larger than the limit gets its memory when nobody else has any. @throws STORAGE_UNAVAILABLE */
  async take(size: number): Promise<Buffer<ArrayBuffer>> {
    if (this.#waiting.length === 0 && this.#fits(size)) return this.#hand(size)
    const { promise, resolve } = Promise.withResolvers<Buffer<ArrayBuffer>>()
    const waiting = { size, resolve }
    this.#waiting.push(waiting)
    const gaveUp = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      const place = this.#waiting.indexOf(waiting)
      if (place < 0) return
      this.#waiting.splice(place, 1)
      this.#serve()
      gaveUp.reject(
        new RegistryError(
          'STORAGE_UNAVAILABLE',
          'too many uploads wait for the object storage: try again in a moment',
        ),
      )
    }, patience)
    try {
      return await Promise.race([promise, gaveUp.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  give(buffer: Buffer<ArrayBuffer>): void {
    this.#taken -= buffer.length
    if (buffer.length === this.#partSize) this.#idle.push(buffer)
    this.#serve()
  }

  #serve(): void {
    for (let first = this.#waiting[0]; first && this.#fits(first.size); first = this.#waiting[0]) {
      this.#waiting.shift()
      first.resolve(this.#hand(first.size))
    }
  }

  #fits(size: number): boolean {
    return this.#taken === 0 || this.#taken + size <= this.#limit
  }

  #hand(size: number): Buffer<ArrayBuffer> {
    this.#taken += size
    const idle = size === this.#partSize ? this.#idle.pop() : undefined
    return idle ?? Buffer.allocUnsafeSlow(size)
  }
}
