import type { Line, LineContext } from './line.ts'
import { catalogPage, type ListingSize, tagsPage } from './listed-names.ts'
import { wrkLine } from './wrk-line.ts'

/** First pages of a hundred, at the usual size and at the big one; the same ratio is asked of both. */
export function listingLines({ scale }: LineContext): Line[] {
  const sizes = [usualListings, bigListings(scale.bigListing)]
  return [
    ...sizes.map((size) =>
      wrkLine({
        name: `tags page of 100 at ${counted(size.tags)}`,
        reach: { ratio: 20 },
        scale,
        target: (contender) => tagsPage(contender, size),
      }),
    ),
    ...sizes.map((size) =>
      wrkLine({
        name: `catalog page of 100 at ${counted(size.repositories)}`,
        reach: { ratio: 30 },
        scale,
        target: (contender) => catalogPage(contender, size),
      }),
    ),
  ]
}

const usualListings: ListingSize = { set: 'listings', tags: 2_000, repositories: 1_000 }

export function bigListings(count: number): ListingSize {
  return { set: 'big-listings', tags: count, repositories: count }
}

export function counted(count: number): string {
  return count.toLocaleString('en-US')
}
