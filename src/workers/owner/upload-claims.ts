import type { UploadClaim } from '../contract.ts'

/** A process that may hold an upload's writer. */
export interface ClaimHolder {
  /** Resolves when the process writes to the upload's object no more, at the latest because it is gone. */
  revokeUpload(id: string): Promise<void>
}

interface Held {
  readonly by: ClaimHolder
  readonly number: number
  /** Settles when the holder may write. */
  readonly taken: Promise<void>
}

/**
 * Which process has the writer of which upload. The lease in the metadata decides who may write; a file can't ask for
 * it, so whoever had the upload is stopped before the next process begins.
 */
export class UploadClaims {
  readonly #held = new Map<string, Held>()
  #last = 0

  async claim(id: string, by: ClaimHolder): Promise<UploadClaim> {
    this.#last += 1
    const held = { by, number: this.#last, taken: this.#overtake(id, by) }
    this.#held.set(id, held)
    try {
      await held.taken
    } catch (error) {
      this.release({ id, number: held.number })
      throw error
    }
    return { id, number: held.number }
  }

  release({ id, number }: UploadClaim): void {
    if (this.#held.get(id)?.number === number) this.#held.delete(id)
  }

  /** The process is gone, and its writers with it. */
  forget(holder: ClaimHolder): void {
    for (const [id, { by }] of this.#held) if (by === holder) this.#held.delete(id)
  }

  async #overtake(id: string, by: ClaimHolder): Promise<void> {
    const before = this.#held.get(id)
    if (!before) return
    await before.taken.catch(() => undefined)
    // A process stops its own writers by itself.
    if (before.by !== by) await before.by.revokeUpload(id)
  }
}
