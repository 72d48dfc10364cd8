import type { CollectsGarbage } from './metadata-store.ts'

export interface DatabaseClockOptions {
  readonly metadata: Pick<CollectsGarbage, 'clock'>
  /** Milliseconds, of a clock that only goes forward. */
  monotonic(): number
}

/**
 * What time it is by the database's clock, which all ages go by. Several machines' own clocks may differ, and then
 * what one promises another would not keep.
 */
export class DatabaseClock {
  readonly #options: DatabaseClockOptions
  #wall: number
  #at: number

  private constructor(options: DatabaseClockOptions, { wall, at }: { wall: number; at: number }) {
    this.#options = options
    this.#wall = wall
    this.#at = at
  }

  static async start(options: DatabaseClockOptions): Promise<DatabaseClock> {
    return new DatabaseClock(options, await look(options))
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Math.round(this.#wall + this.#options.monotonic() - this.#at)
  }

  /** Asks again: the clock may have been set, and no two go alike. */
  async look(): Promise<void> {
    const { wall, at } = await look(this.#options)
    this.#wall = wall
    this.#at = at
  }
}

/** What the answer tells was so at some moment since it was asked for: counted from the earliest, nothing is taken for younger. */
async function look({ metadata, monotonic }: DatabaseClockOptions): Promise<{ wall: number; at: number }> {
  const at = monotonic()
  return { wall: await metadata.clock(), at }
}
