import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Registry } from '../registry.ts'

/** Confirmed three times within a grace: one that comes late does no harm yet. Milliseconds. */
const shortest = 10
const longest = 3_600_000

/**
 * Keeps blobs from the collector while others of their manifest are still on the way: a large layer may take longer
 * than the grace lasts. To be disposed of when the manifest is there, which holds them from then on.
 */
export function keepConfirmed(
  { metadata, rules: { grace } }: Registry,
  repository: RepositoryName,
): Disposable & { add(digest: Digest): void } {
  const digests = new Set<Digest>()
  let running = false
  const confirmAll = async () => {
    if (running || digests.size === 0) return
    running = true
    const confirmed = [...digests].map((digest) =>
      metadata.change('confirmBlob', { repository, digest, grace }),
    )
    // One that fails or comes too late is found when the manifest is put: then the blob is brought again.
    await Promise.allSettled(confirmed)
    running = false
  }
  const timer = setInterval(confirmAll, Math.min(Math.max(grace / 3, shortest), longest))
  return {
    add: (digest) => void digests.add(digest),
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
