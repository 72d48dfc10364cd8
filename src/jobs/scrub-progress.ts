/** Where the progress is on record. */
export const scrubKey = 'scrub'

/** Where scrubbing is, as it is on record. Times are milliseconds since 1970. */
export interface ScrubProgress {
  /** The digest that was read last in the round under way. */
  readonly after: string
  /** When the round under way began; null: none is. */
  readonly begun: number | null
  readonly lastBegun: number | null
  readonly lastFinished: number | null
  /** When the first round ever began. */
  readonly since: number
}

export function emptyProgress(now: number): ScrubProgress {
  return { after: '', begun: null, lastBegun: null, lastFinished: null, since: now }
}

/** Milliseconds all. */
export interface ScrubAge {
  /** Since the last full round finished; undefined before the first. */
  readonly sinceFinished: number | undefined
  /** For how long the blob that was read longest ago may have been left unread: since the last full round began. */
  readonly longestUnread: number
  /** Since the round under way began; undefined between two. */
  readonly sinceBegun: number | undefined
}

export function ageOf({ begun, lastBegun, lastFinished, since }: ScrubProgress, now: number): ScrubAge {
  return {
    sinceFinished: lastFinished === null ? undefined : now - lastFinished,
    longestUnread: now - (lastBegun ?? since),
    sinceBegun: begun === null ? undefined : now - begun,
  }
}
