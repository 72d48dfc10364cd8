import type { FileHandle } from 'node:fs/promises'
import { RegistryError } from '../../oci/errors.ts'
import type { UploadWriter } from '../blob-store.ts'
import { storageErrors, toStorageError } from './storage-errors.ts'

/** Bytes that may wait for the disk before the sender is held back. */
const highWater = 4 * 1024 * 1024
/** The disk is told to start this often, so that the sync at the end has little left to do. Bytes. */
const syncEvery = 64 * 1024 * 1024

export interface WriterHooks {
  /** Writes at once, if that is quick. @returns how many of the bytes are written; undefined: none */
  writeNow?(bytes: Uint8Array, position: number): number | undefined
  /** Whether a writer in another process may have gone on from where this one began: what lies there stays. */
  readonly shared?: boolean
  /** Makes the file's directory entry durable. */
  syncName(): Promise<void>
  closed(): void
}

/**
 * Writes at once where that is quick, and else behind the receiver: one write runs while the next chunks gather, and both
 * are in order.
 */
export class FileWriter implements UploadWriter {
  readonly #file: FileHandle
  readonly #start: number
  readonly #hooks: WriterHooks
  #position: number
  #gathered: Uint8Array[] = []
  #gatheredBytes = 0
  #writing: Promise<void> | undefined
  #earlySync: Promise<void> | undefined
  #syncedAt: number
  #failure: unknown
  #revoked = false
  #discarding: Promise<void> | undefined

  constructor(file: FileHandle, offset: number, hooks: WriterHooks) {
    this.#file = file
    this.#start = offset
    this.#hooks = hooks
    this.#position = offset
    this.#syncedAt = offset
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#failure) throw toStorageError(this.#failure)
    const rest = this.#writeNow(chunk)
    if (rest.length === 0) return undefined
    this.#gathered.push(rest)
    this.#gatheredBytes += rest.length
    if (!this.#writing) this.#writing = this.#writeAll()
    return this.#gatheredBytes >= highWater ? this.#writing : undefined
  }

  async sync(): Promise<void> {
    await storageErrors(async () => {
      await this.#settle()
      await this.#file.sync()
    })
  }

  async keep(): Promise<void> {
    await this.sync()
    await storageErrors(this.#hooks.syncName)
  }

  /** What lies there is another's where this writer was revoked, and stays. */
  async discard(): Promise<void> {
    if (this.#revoked) return
    this.#discarding ??= this.#cutBack()
    await this.#discarding
  }

  /** When it resolves, this writer changes nothing of the file any more. */
  async revoke(): Promise<void> {
    this.#revoked = true
    await this.#stop()
    await this.#discarding?.catch(() => undefined)
  }

  async close(): Promise<void> {
    try {
      await this.#settle()
    } catch {
      // Told to whoever wrote; closing must happen all the same.
    } finally {
      this.#hooks.closed()
      await this.#file.close()
    }
  }

  async #cutBack(): Promise<void> {
    await this.#stop()
    if (!this.#revoked && !this.#hooks.shared) await this.#file.truncate(this.#start)
  }

  async #stop(): Promise<void> {
    this.#failure ??= new RegistryError('BLOB_UPLOAD_UNKNOWN', 'another request took this upload over')
    while (this.#writing) await this.#writing
    await this.#earlySync
  }

  /** @returns what is left to write. @throws STORAGE_FULL, STORAGE_UNAVAILABLE */
  #writeNow(chunk: Uint8Array): Uint8Array {
    // What waits goes first.
    if (this.#writing || this.#gathered.length > 0) return chunk
    try {
      const written = this.#hooks.writeNow?.(chunk, this.#position) ?? 0
      this.#position += written
      this.#startEarlySync()
      return chunk.subarray(written)
    } catch (error) {
      this.#failure = error
      throw toStorageError(error)
    }
  }

  async #settle(): Promise<void> {
    while (this.#writing) await this.#writing
    await this.#earlySync
    if (this.#failure) throw this.#failure
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#gathered.length > 0 && !this.#failure) {
        const chunks = this.#gathered
        this.#gathered = []
        this.#gatheredBytes = 0
        await this.#writeFully(chunks)
        this.#startEarlySync()
      }
    } catch (error) {
      this.#failure = error
      this.#gathered = []
    } finally {
      this.#writing = undefined
    }
  }

  async #writeFully(chunks: Uint8Array[]): Promise<void> {
    let left = chunks
    while (left.length > 0) {
      const { bytesWritten } = await this.#file.writev(left, this.#position)
      this.#position += bytesWritten
      left = behind(left, bytesWritten)
    }
  }

  #startEarlySync(): void {
    if (this.#earlySync || this.#position - this.#syncedAt < syncEvery) return
    this.#syncedAt = this.#position
    this.#earlySync = this.#file
      .datasync()
      .catch((error) => {
        this.#failure = error
      })
      .then(() => {
        this.#earlySync = undefined
      })
  }
}

/** What of the chunks is left after the first `count` bytes: a write may stop anywhere. */
function behind(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count
  const left: Uint8Array[] = []
  for (const chunk of chunks) {
    if (skip >= chunk.length) skip -= chunk.length
    else {
      left.push(chunk.subarray(skip))
      skip = 0
    }
  }
  return left
}
