import { RegistryError } from '../../oci/errors.ts'
import type { DurableUpload, ObjectKey, UploadWriter } from '../blob-store.ts'
import { finalKey, tailKey } from './keys.ts'
import type { S3Objects } from './objects.ts'
import { leastPartAt } from './part-size.ts'
import { type PartResources, PartWriter } from './part-writer.ts'
import { storageErrors } from './s3-error.ts'
import { type UploadNotes, writeNotes } from './upload-notes.ts'

export interface SessionStart {
  readonly upload: string
  /** Who has the right to write: names what he leaves beside the parts. */
  readonly writer: string
  readonly notes: UploadNotes
  /** The bytes of `notes.tail`. */
  readonly tail: Uint8Array | undefined
  withPrefix(key: ObjectKey): string
  closed(): void
}

/** Writes one session of an upload of several requests. What it wrote counts when its notes are on record. */
export class SessionWriter implements UploadWriter {
  readonly #start: SessionStart
  readonly #objects: S3Objects
  readonly #resources: PartResources
  readonly #writer: PartWriter
  #written = 0
  #durable: DurableUpload | undefined

  private constructor(start: SessionStart, objects: S3Objects, resources: PartResources) {
    this.#start = start
    this.#objects = objects
    this.#resources = resources
    const key = start.withPrefix(finalKey(start.upload))
    this.#writer = new PartWriter(resources, {
      key,
      uploadId: start.notes.multipart,
      parts: start.notes.parts,
      // Whoever began one before us lost the right to write, and what he still sends goes nowhere.
      alone: () => resources.multiparts.abortAll(start.withPrefix(`uploads/${start.upload}/`)),
    })
  }

  static async open(
    start: SessionStart,
    objects: S3Objects,
    resources: PartResources,
  ): Promise<SessionWriter> {
    const session = new SessionWriter(start, objects, resources)
    if (start.tail) await session.#writer.write(start.tail)
    return session
  }

  get durable(): DurableUpload | undefined {
    return this.#durable
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#written += chunk.length
    const room = this.#writer.write(chunk)
    return room && storageErrors(() => room)
  }

  /** What comes next is the commit: what is left is the last part, whatever its size. */
  sync(): Promise<void> {
    return storageErrors(async () => {
      this.#writer.requireRight()
      const size = this.#size()
      if (this.#written === 0) return this.#unchanged()
      if (this.#writer.address) {
        await this.#writer.sendRest()
        await this.#writer.settle()
        return this.#note({ size, tail: undefined, whole: false })
      }
      const { body, bodyHash } = this.#writer.rest()
      const key = this.#start.withPrefix(finalKey(this.#start.upload))
      await this.#objects.put(key, body, { bodyHash, signal: this.#writer.signal })
      this.#writer.requireRight()
      this.#note({ size, tail: undefined, whole: true })
    })
  }

  /** Others go on from here: what is too little for a part lies beside the parts. */
  keep(): Promise<void> {
    return storageErrors(async () => {
      this.#writer.requireRight()
      const size = this.#size()
      if (this.#written === 0) return this.#unchanged()
      if (this.#writer.waiting >= leastPartAt(this.#writer.offset)) await this.#writer.sendRest()
      const tail = this.#writer.waiting > 0 ? await this.#keepTail() : undefined
      await this.#writer.settle()
      this.#note({ size, tail, whole: false })
    })
  }

  /** What it wrote is on no record: the parts count for nobody, and go with the upload. */
  async discard(): Promise<void> {
    await this.revoke()
    const { address } = this.#writer
    if (address && this.#start.notes.multipart === undefined) await this.#resources.multiparts.abort(address)
  }

  async revoke(): Promise<void> {
    await this.#writer.stop(new RegistryError('BLOB_UPLOAD_UNKNOWN', 'another request took this upload over'))
  }

  async close(): Promise<void> {
    this.#start.closed()
    await this.#writer.stop(new RegistryError('BLOB_UPLOAD_UNKNOWN', 'this upload is closed'))
  }

  #size(): number {
    return this.#writer.offset + this.#writer.waiting
  }

  async #keepTail(): Promise<NonNullable<UploadNotes['tail']>> {
    const { body, bodyHash } = this.#writer.rest()
    const key = tailKey(this.#start.upload, this.#start.writer)
    const signal = this.#writer.signal
    const etag = await this.#objects.put(this.#start.withPrefix(key), body, { bodyHash, signal })
    return { key, size: body.length, etag }
  }

  #note(noted: Pick<UploadNotes, 'size' | 'tail' | 'whole'>): void {
    const { address, parts } = this.#writer
    const before = this.#start.notes.tail
    this.#durable = {
      notes: writeNotes({ ...noted, multipart: address?.uploadId, parts }),
      superseded: before ? [before.key] : [],
    }
  }

  #unchanged(): void {
    const { notes } = this.#start
    this.#durable = { notes: notes.size === 0 ? null : writeNotes(notes), superseded: [] }
  }
}
