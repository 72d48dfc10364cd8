/** Milliseconds all. */
const shortest = 100
const longest = 10_000
/** A worker that lived so long failed at something new. */
const healthy = 60_000

/** How long to wait before a worker that ended is started again: longer each time that it ends at once. */
export function restartDelay({ lived, before }: { lived: number; before: number }): number {
  return lived >= healthy || before === 0 ? shortest : Math.min(before * 2, longest)
}
