import type { ChangesMetadata } from '../metadata/metadata-store.ts'

/** The first lasts while the metadata is copied, which lets nothing else happen. Milliseconds. */
const first = 3_600_000
const duration = 600_000
const renewal = 60_000

/** Keeps the collector from removing objects until it is released, or a while after this process ended. */
export async function holdObjects(metadata: ChangesMetadata): Promise<AsyncDisposable> {
  const id = crypto.randomUUID()
  await metadata.change('holdObjects', { id, duration: first })
  const timer = setInterval(() => {
    // The next one makes up for one that fails.
    metadata.change('holdObjects', { id, duration }).catch(() => undefined)
  }, renewal)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await metadata.change('releaseObjects', { id })
    },
  }
}
