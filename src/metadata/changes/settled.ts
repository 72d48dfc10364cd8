/**
 * What is to be done about a change whose COMMIT was sent, and whose connection broke before the answer came: the
 * change may have taken place or not, and others may have changed the same since.
 */
export type Settled<Result> =
  /** Done now, once or twice, it has one and the same result. */
  | { readonly state: 'repeat' }
  | { readonly state: 'done'; readonly result: Result }
  /** Nobody can tell; the caller is told so. */
  | { readonly state: 'unknown' }
