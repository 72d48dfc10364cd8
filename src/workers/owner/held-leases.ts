import type { ChangeName } from '../../metadata/changes/changes.ts'
import type { Progress } from '../../metadata/changes/uploads.ts'
import type { ChangesMetadata } from '../../metadata/metadata-store.ts'
import type { UploadRow } from '../../metadata/schema.ts'

/**
 * The uploads that a worker has the right to write to, as its changes tell. When it ends, that right goes back at once:
 * whoever wants to go on with an upload need not wait until the lease has run out.
 */
export class HeldLeases {
  readonly #held = new Map<string, Progress>()

  /** The worker's change was made. */
  changed(name: ChangeName, args: unknown, result: unknown): void {
    const { id, writer } = args as { id: string; writer: string }
    if (name === 'leaseUpload') {
      const { durable_offset: at, digest_so_far: digestSoFar } = result as UploadRow
      this.#held.set(id, { id, writer, from: at, to: at, digestSoFar })
    } else if (name === 'appendUpload' || name === 'commitUpload' || name === 'cancelUpload') {
      this.#held.delete(id)
    }
  }

  /** The worker is gone, and writes no more. What fails here runs out by itself. */
  async giveBack(metadata: ChangesMetadata): Promise<void> {
    const held = [...this.#held.values()]
    this.#held.clear()
    await Promise.all(held.map((lease) => metadata.change('appendUpload', lease).catch(() => undefined)))
  }
}
