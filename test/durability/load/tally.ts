import type { BlobPath } from './push-blob.ts'

/** Wrong things that are told in full; of the rest, how many. */
const told = 20

/** Events that are remembered. */
const kept = 100_000

interface Event {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly what: string
}

/** What a run did, and what was wrong. */
export class Tally {
  pushes = 0
  /** Attempts that ended with MANIFEST_BLOB_UNKNOWN. */
  refusedPushes = 0
  skippedChildren = 0
  retags = 0
  tagDeletions = 0
  manifestDeletions = 0
  readonly blobs: Record<BlobPath, number> = { skipped: 0, mounted: 0, single: 0, monolithic: 0, chunked: 0 }
  /** Pushes that were refused again and again. */
  gaveUp = 0
  readonly #wrong: string[] = []
  readonly #events: Event[] = []
  #more = 0

  /** What was asked and answered, seen or killed, for who looks for the reason of something wrong. */
  remember(what: string): void {
    this.#events.push({ at: Date.now(), what })
    if (this.#events.length > kept) this.#events.splice(0, kept / 2)
  }

  /** @param about a digest or tag: what is remembered of it is told along */
  wrong(sentence: string, about?: string): void {
    if (this.#wrong.length >= told) {
      this.#more += 1
      return
    }
    const named = (digest: string) => this.#events.filter(({ what }) => what.includes(digest))
    const digests = new Set(
      (about ? named(about) : []).flatMap(({ what }) => what.match(/sha256:[0-9a-f]{64}/g) ?? []),
    )
    const related = [...new Set([...digests].flatMap(named))]
      .sort((one, other) => one.at - other.at)
      .slice(-40)
    const lines = related.map(({ at, what }) => `    ${new Date(at).toISOString().slice(11, 23)} ${what}`)
    this.#wrong.push([`${new Date().toISOString().slice(11, 23)} ${sentence}`, ...lines].join('\n'))
  }

  get failures(): readonly string[] {
    return this.#more === 0 ? this.#wrong : [...this.#wrong, `and ${this.#more} more`]
  }

  /** Of the attempts to push; 1 is all. */
  get acknowledgedShare(): number {
    const all = this.pushes + this.refusedPushes
    return all === 0 ? 1 : this.pushes / all
  }
}
