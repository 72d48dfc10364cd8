/**
 * Which of several processes has the writer of an upload. A file does not know that the right to write to it went to
 * somebody else: whoever had it must be stopped before another begins.
 */
export interface WriterClaims {
  /** Resolves when no other process writes to the upload's object any more. */
  claim(id: string): Promise<WriterClaim>
  /** The writer is closed. */
  release(claim: WriterClaim): void
}

export interface WriterClaim {
  readonly id: string
  /** Tells it from an earlier claim of the same process. */
  readonly number: number
}

/** For a process that is the only one to write. */
export const alone: WriterClaims = {
  claim: async (id) => ({ id, number: 0 }),
  release: () => undefined,
}
