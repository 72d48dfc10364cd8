import type { ByteRange } from '../../oci/byte-range.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type {
  BearsIdentity,
  BlobBody,
  BlobStore,
  Committed,
  KeepsUploadKeys,
  ListsStorage,
  Lying,
  LyingFacts,
  MarksClosed,
  ObjectKey,
  PresignsReads,
  ReadsObjects,
  TakesMigration,
  UploadSession,
  UploadWriter,
} from '../blob-store.ts'
import { commitParts } from './commit.ts'
import { credentialsOf } from './credentials.ts'
import {
  checkKey,
  closedKey,
  committedKey,
  finalKey,
  identityKey,
  isUploadKey,
  migrationKey,
  ownKeys,
  recognise,
  uploadKey,
} from './keys.ts'
import { S3Multiparts } from './multiparts.ts'
import { S3Objects } from './objects.ts'
import type { S3Options } from './options.ts'
import { PartMemory } from './part-memory.ts'
import type { PartResources } from './part-writer.ts'
import { openObject } from './read-object.ts'
import { S3Requests } from './requests.ts'
import { S3Error, storageErrors, unlessMissing } from './s3-error.ts'
import { SessionWriter } from './session-writer.ts'
import { Slots } from './slots.ts'
import { noNotes, readNotes } from './upload-notes.ts'
import { WholeWriter } from './whole-writer.ts'

/** An object that is no larger is read as a whole: its connection is free at once, and it can be asked for again. */
const smallObject = 128 * 1024
/** What a look at the storage says holds for so long, whoever asks. Milliseconds. */
const checkAge = 5000
const oneQuickLook = { attempts: 1, timeout: 5000 }

/** Blobs as objects in a bucket; `keys.ts` says what they are called. */
export class S3BlobStore
  implements
    BlobStore,
    ReadsObjects,
    ListsStorage,
    KeepsUploadKeys,
    PresignsReads,
    BearsIdentity,
    MarksClosed,
    TakesMigration
{
  readonly #options: S3Options
  readonly #requests: S3Requests
  readonly #objects: S3Objects
  readonly #resources: PartResources
  readonly #writers = new Map<string, SessionWriter>()
  #checked: Promise<void> | undefined
  #checkedAt = 0

  constructor(options: S3Options) {
    this.#options = options
    const credentials = options.credentials ?? credentialsOf(process.env, options.region)
    this.#requests = new S3Requests({ ...options, credentials })
    this.#objects = new S3Objects(this.#requests, options.encryption)
    this.#resources = {
      multiparts: new S3Multiparts(this.#requests, options.encryption),
      memory: new PartMemory({ limit: options.memory, partSize: options.partSize }),
      connections: new Slots(options.connections),
      partSize: options.partSize,
      partsInFlight: options.partsInFlight,
    }
  }

  uploadKey(id: string): ObjectKey {
    return uploadKey(id)
  }

  committedKey(id: string, digest: Digest): ObjectKey {
    return committedKey(id, digest)
  }

  finalKey(upload: string): ObjectKey {
    return finalKey(upload)
  }

  async create(key: ObjectKey): Promise<UploadWriter> {
    return new WholeWriter(this.#withPrefix(key), this.#objects, this.#resources)
  }

  openUpload(id: string, offset: number, session: UploadSession): Promise<UploadWriter> {
    return storageErrors(async () => {
      await this.#writers.get(id)?.revoke()
      const notes = offset === 0 ? noNotes : readNotes(session.notes)
      if (!notes || notes.size !== offset) throw bytesGone(id)
      const start = {
        upload: id,
        writer: session.writer,
        notes,
        tail: notes.tail && (await this.#tailOf(id, notes.tail)),
        withPrefix: (key: ObjectKey) => this.#withPrefix(key),
        closed: () => {
          if (this.#writers.get(id) === writer) this.#writers.delete(id)
        },
      }
      const writer = await SessionWriter.open(start, this.#objects, this.#resources)
      this.#writers.set(id, writer)
      return writer
    })
  }

  commit(id: string, key: ObjectKey, notes: string | null): Promise<Committed> {
    return storageErrors(async () => {
      const read = readNotes(notes)
      const committed =
        read &&
        (await commitParts(
          { objects: this.#objects, multiparts: this.#resources.multiparts },
          { key, notes: read, withPrefix: (each) => this.#withPrefix(each) },
        ))
      if (!committed) throw bytesGone(id)
      return committed
    })
  }

  read(key: ObjectKey, { size, range }: { size: number; range?: ByteRange }): Promise<BlobBody | undefined> {
    return storageErrors(async () => {
      if (size === 0)
        return (await this.size(key)) === 0 ? { kind: 'bytes', bytes: new Uint8Array() } : undefined
      if (size <= smallObject) return this.#readSmall(key, size, range)
      const opened = await unlessMissing(() =>
        openObject(this.#requests, this.#withPrefix(key), range),
      ).catch(ignoreUnsatisfiable)
      if (opened?.size === size) return { kind: 'stream', stream: opened.stream }
      await opened?.stream.cancel()
      return undefined
    })
  }

  async presignRead(key: ObjectKey, client: string): Promise<string | undefined> {
    const { redirect } = this.#options
    if (!redirect?.allows(client)) return undefined
    return storageErrors(() => this.#requests.presign(this.#withPrefix(key), redirect.expiry))
  }

  async *readObject(key: ObjectKey, pieceSize: number): AsyncIterable<Uint8Array> {
    const { stream } = await storageErrors(() => openObject(this.#requests, this.#withPrefix(key)))
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>)
      for (let start = 0; start < chunk.length; start += pieceSize)
        yield chunk.subarray(start, start + pieceSize)
  }

  async *listStorage(): AsyncIterable<readonly Lying[]> {
    for await (const page of this.#objects.list(this.#options.prefix)) {
      const lying = page.map(({ key, size }) => {
        const name = key.slice(this.#options.prefix.length)
        const { ours, upload } = recognise(name)
        return { name, key: ours ? name : undefined, ...(upload && { upload }), size }
      })
      yield lying.filter(({ name }) => !ownKeys.has(name))
    }
  }

  async describe(name: string): Promise<LyingFacts | undefined> {
    return storageErrors(() => unlessMissing(() => this.#objects.head(this.#withPrefix(name))))
  }

  async size(key: ObjectKey): Promise<number | undefined> {
    if (isUploadKey(key)) return undefined
    return (await this.describe(key))?.size
  }

  remove(keys: readonly ObjectKey[], { unfinished = false } = {}): Promise<void> {
    return storageErrors(async () => {
      const single: string[] = []
      for (const key of keys) {
        const full = this.#withPrefix(key)
        if (unfinished || isUploadKey(key)) await this.#resources.multiparts.abortAll(full)
        if (!isUploadKey(key)) single.push(full)
        else for await (const page of this.#objects.list(full)) single.push(...page.map((one) => one.key))
      }
      await this.#objects.delete(single)
    })
  }

  identity(): Promise<string | undefined> {
    return storageErrors(async () => {
      const bytes = await unlessMissing(() => this.#objects.get(this.#withPrefix(identityKey)))
      return (bytes && new TextDecoder().decode(bytes).trim()) || undefined
    })
  }

  async identify(identity: string): Promise<string> {
    const found = await this.identity()
    if (found !== undefined) return found
    await storageErrors(() =>
      this.#objects
        .put(this.#withPrefix(identityKey), new TextEncoder().encode(identity), { ifAbsent: true })
        .catch(unlessThere),
    )
    return (await this.identity()) ?? identity
  }

  markClosed(): Promise<void> {
    return storageErrors(async () => {
      await this.#objects.put(this.#withPrefix(closedKey), new Uint8Array())
    })
  }

  async isMarkedClosed(): Promise<boolean> {
    const look = () => this.#objects.head(this.#withPrefix(closedKey), oneQuickLook)
    return (await storageErrors(() => unlessMissing(look))) !== undefined
  }

  migration(): Promise<string | undefined> {
    return storageErrors(async () => {
      const note = await unlessMissing(() => this.#objects.get(this.#withPrefix(migrationKey)))
      return note && new TextDecoder().decode(note)
    })
  }

  setMigration(note: string): Promise<void> {
    return storageErrors(async () => {
      await this.#objects.put(this.#withPrefix(migrationKey), new TextEncoder().encode(note))
    })
  }

  dropUnfinished(): Promise<void> {
    return storageErrors(() => this.#resources.multiparts.abortAll(this.#options.prefix))
  }

  /** Asked often by those who watch, it looks once in a while. */
  check(): Promise<void> {
    if (!this.#checked || performance.now() - this.#checkedAt > checkAge) {
      this.#checkedAt = performance.now()
      this.#checked = storageErrors(async () => {
        const key = this.#withPrefix(checkKey)
        await this.#objects.put(key, new Uint8Array(), oneQuickLook)
        await this.#objects.head(key, oneQuickLook)
      })
      this.#checked.catch(() => undefined)
    }
    return this.#checked
  }

  async #readSmall(
    key: ObjectKey,
    size: number,
    range: ByteRange | undefined,
  ): Promise<BlobBody | undefined> {
    const bytes = await unlessMissing(() => this.#objects.get(this.#withPrefix(key)))
    if (bytes?.length !== size) return undefined
    return { kind: 'bytes', bytes: range ? bytes.subarray(range.first, range.last + 1) : bytes }
  }

  async #tailOf(id: string, tail: { key: ObjectKey; etag: string }): Promise<Uint8Array> {
    try {
      return await this.#objects.get(this.#withPrefix(tail.key), tail.etag)
    } catch (error) {
      if (error instanceof S3Error && (error.missing || error.status === 412)) throw bytesGone(id, error)
      throw error
    }
  }

  #withPrefix(key: ObjectKey): string {
    return this.#options.prefix + key
  }
}

/** The object is shorter than the part that is asked for. */
function ignoreUnsatisfiable(error: unknown): undefined {
  if (!(error instanceof S3Error) || error.status !== 416) throw error
}

/** Another process was faster. */
function unlessThere(error: unknown): void {
  if (!(error instanceof S3Error) || (error.status !== 412 && error.status !== 409)) throw error
}

function bytesGone(id: string, cause?: unknown): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'the bytes of this upload are gone: start a new one', {
    detail: { upload: id },
    cause,
  })
}
