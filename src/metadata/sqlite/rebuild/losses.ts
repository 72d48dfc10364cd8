import type { JournalLoss } from '../journal/replay.ts'

/** What could not be brought back. */
export type Loss =
  | JournalLoss
  /** A link whose bytes are gone, or not what their name says. */
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string; readonly damaged: boolean }
  /** Its bytes are not what their digest says, or the deletion that it was a part of is lost. */
  | {
      readonly kind: 'manifest'
      readonly repository: string
      readonly digest: string
      readonly trash: boolean
    }
  /** It pointed at a manifest that is lost. */
  | { readonly kind: 'tag'; readonly repository: string; readonly tag: string; readonly digest: string }
  /** A part of a deletion of which the rest is lost. */
  | { readonly kind: 'trash'; readonly id: string; readonly rows: number }

/** A list that is told in full up to a bound, and counted beyond. */
export class Told<T> {
  readonly #most: number
  readonly first: T[] = []
  count = 0

  constructor(most = 1000) {
    this.#most = most
  }

  add(entry: T): void {
    this.count += 1
    if (this.first.length < this.#most) this.first.push(entry)
  }
}
