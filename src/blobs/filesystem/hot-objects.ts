import type { ObjectKey } from '../blob-store.ts'

/** Larger objects go out by sendfile, which costs them little. */
const largestHot = 1024 * 1024
/** Keys that were asked for once; as many as fit a few hundred KiB. */
const rememberedKeys = 4096

/**
 * Small objects that are asked for again and again: opening a file costs more than sending 64 KiB. Objects never
 * change, and who may see one is decided before; so nothing here can be stale.
 */
export class HotObjects {
  readonly #limit: number
  readonly #objects = new Map<ObjectKey, Uint8Array>()
  #askedBefore = new Set<ObjectKey>()
  #size = 0

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit
  }

  wants(size: number): boolean {
    return size <= largestHot && size <= this.#limit / 8
  }

  get(key: ObjectKey): Uint8Array | undefined {
    return this.#objects.get(key)
  }

  /** Whether the key was asked for lately: read once, an object would only push out others. */
  isHot(key: ObjectKey): boolean {
    if (this.#askedBefore.delete(key)) return true
    if (this.#askedBefore.size >= rememberedKeys) this.#askedBefore = new Set()
    this.#askedBefore.add(key)
    return false
  }

  keep(key: ObjectKey, bytes: Uint8Array): void {
    if (this.#objects.has(key)) return
    for (const [oldest, old] of this.#objects) {
      if (this.#size + bytes.length <= this.#limit) break
      this.#objects.delete(oldest)
      this.#size -= old.length
    }
    this.#objects.set(key, bytes)
    this.#size += bytes.length
  }

  forget(key: ObjectKey): void {
    const bytes = this.#objects.get(key)
    if (!bytes) return
    this.#objects.delete(key)
    this.#size -= bytes.length
  }
}
