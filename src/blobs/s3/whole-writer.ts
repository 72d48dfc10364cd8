import { RegistryError } from '../../oci/errors.ts'
import type { UploadWriter } from '../blob-store.ts'
import type { S3Multiparts } from './multiparts.ts'
import type { S3Objects } from './objects.ts'
import { type PartResources, PartWriter } from './part-writer.ts'
import { S3Error, storageErrors } from './s3-error.ts'

/** Writes an object that one request brings: in one piece if it is small, and else in parts. */
export class WholeWriter implements UploadWriter {
  readonly #key: string
  readonly #objects: S3Objects
  readonly #multiparts: S3Multiparts
  readonly #writer: PartWriter

  /** @param key with the prefix; never used before */
  constructor(key: string, objects: S3Objects, resources: PartResources) {
    this.#key = key
    this.#objects = objects
    this.#multiparts = resources.multiparts
    const alone = async () => undefined
    this.#writer = new PartWriter(resources, { key, uploadId: undefined, parts: [], alone })
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    const room = this.#writer.write(chunk)
    return room && storageErrors(() => room)
  }

  sync(): Promise<void> {
    return this.keep()
  }

  keep(): Promise<void> {
    return storageErrors(async () => {
      this.#writer.requireRight()
      if (!this.#writer.address) {
        const { body, bodyHash } = this.#writer.rest()
        await this.#objects.put(this.#key, body, { bodyHash, signal: this.#writer.signal })
        this.#writer.release()
        return
      }
      await this.#writer.sendRest()
      await this.#writer.settle()
      await this.#complete()
    })
  }

  async discard(): Promise<void> {
    await this.#writer.stop(new RegistryError('BLOB_UPLOAD_UNKNOWN', 'this upload was dropped'))
    const { address } = this.#writer
    if (address) await this.#multiparts.abort(address)
  }

  async close(): Promise<void> {
    await this.#writer.stop(new RegistryError('BLOB_UPLOAD_UNKNOWN', 'this upload is closed'))
  }

  async #complete(): Promise<void> {
    const { address, parts, offset } = this.#writer
    if (!address) return
    try {
      await this.#multiparts.complete(address, parts)
    } catch (error) {
      // An answer that was lost on its way: nobody else knows this key.
      if (!(error instanceof S3Error) || error.code !== 'NoSuchUpload') throw error
      if ((await this.#objects.head(this.#key)).size !== offset) throw error
    }
  }
}
