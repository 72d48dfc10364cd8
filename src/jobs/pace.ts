/** Holds a reader back to a rate, so that others have the disk too. */
export interface Pace {
  /** Resolves when so many bytes more may be read. */
  take(bytes: number): Promise<void> | undefined
}

export const unhurried: Pace = { take: () => undefined }

export interface PaceOptions {
  /** Bytes in a second. */
  readonly rate: number
  /** Milliseconds, of a clock that only goes forward. */
  now(): number
  sleep(milliseconds: number): Promise<void>
}

/** What was not read in the time gone by is not made up for: a reader that was held up causes no burst later. */
export function paceOf({ rate, now, sleep }: PaceOptions): Pace {
  let due = now()
  return {
    take(bytes) {
      due = Math.max(due, now()) + (bytes / rate) * 1000
      const wait = due - now()
      return wait > 0 ? sleep(wait) : undefined
    },
  }
}
