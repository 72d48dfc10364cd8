/** S3's own bounds. */
export const smallestPart = 5 * 1024 * 1024
export const mostParts = 10_000

const unit = 1024 * 1024
/**
 * A part is at least this fraction of what lies before it. Parts of 5 MiB grow into 5 TiB within 9,700 of them: with p
 * the smallest part, k parts reach k·p at first, and from c·p on each makes the whole 1/c longer, so that c·(1 + ln(T/(c·p)))
 * of them reach T.
 */
const fraction = 1250

/** Bytes of the next part, where `offset` bytes lie before it. */
export function partSizeAt(offset: number, partSize: number): number {
  return Math.max(partSize, Math.ceil(offset / fraction / unit) * unit)
}

/** Bytes that a session must leave at its end to be a part; what is less is kept beside them. */
export function leastPartAt(offset: number): number {
  return partSizeAt(offset, smallestPart)
}
