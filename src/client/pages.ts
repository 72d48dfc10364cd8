/** At most `limit` entries behind `after`. */
export interface Page {
  readonly after: string
  readonly limit: number
}

/** Where the next page starts; null on the last. */
export interface Paged {
  readonly next: string | null
}
