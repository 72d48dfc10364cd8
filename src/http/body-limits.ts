/** What a request's body may be. Bytes and milliseconds; a time of 0: no limit. */
export interface BodyLimits {
  /** A form, or a request to the management API. */
  readonly requestSize: number
  readonly manifestSize: number
  readonly firstByte: number
  /** Between two pieces. */
  readonly pause: number
  /** For what is held in memory until it is whole. */
  readonly whole: number
  /** Bytes of a blob in a second. */
  readonly uploadRate: number
  readonly uploadWindow: number
}
