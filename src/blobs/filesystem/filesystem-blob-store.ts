import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ByteRange } from '../../oci/byte-range.ts'
import type { Digest } from '../../oci/digest.ts'
import type {
  AdoptionRefused,
  AdoptsFiles,
  BearsIdentity,
  BlobBody,
  BlobStore,
  Committed,
  ListsStorage,
  Lying,
  LyingFacts,
  MarksClosed,
  ObjectKey,
  OpenedFile,
  ReadsObjects,
  ReadsUploads,
  ReportsFreeSpace,
  RevokesUploads,
  UploadSession,
  UploadWriter,
} from '../blob-store.ts'
import { adoptFile } from './adopt-file.ts'
import { hasClosedMark, writeClosedMark } from './closed-mark.ts'
import { DurableDirectories } from './durable-directories.ts'
import { isWhole, sizeOf } from './file-facts.ts'
import { FileWriter } from './file-writer.ts'
import { FreeSpace } from './free-space.ts'
import { HotObjects } from './hot-objects.ts'
import { readIdentity, writeIdentity } from './identity-file.ts'
import { copyOf, moveCopied } from './move-copied.ts'
import { committedKey, fileOf, uploadKey } from './paths.ts'
import { probe } from './probe.ts'
import { QuickWrites } from './quick-writes.ts'
import { readPieces } from './read-pieces.ts'
import { ignoreMissing, isMissing, storageErrors } from './storage-errors.ts'
import { bytesGone, openToWrite, openUploaded, revoke } from './upload-files.ts'
import { describeFile, walkStorage } from './walk-storage.ts'
import { alone, type WriterClaims } from './writer-claims.ts'

/** Bytes read at a time where an upload is hashed again. */
const readSize = 1024 * 1024

export interface FilesystemOptions {
  /** The data directory; made if it is not there. */
  readonly data: string
  /** Bytes of memory for small objects that are read often. */
  readonly cacheSize: number
  /** Where several processes write here; without it, this one is alone. */
  readonly claims?: WriterClaims | undefined
}

/** Blobs as files; `paths.ts` draws the tree. */
export class FilesystemBlobStore
  implements
    BlobStore,
    ReportsFreeSpace,
    ReadsObjects,
    ReadsUploads,
    ListsStorage,
    AdoptsFiles,
    RevokesUploads,
    MarksClosed,
    BearsIdentity
{
  readonly #data: string
  readonly #directories = new DurableDirectories()
  readonly #quick = new QuickWrites()
  readonly #hot: HotObjects
  readonly #claims: WriterClaims
  readonly #writers = new Map<string, Promise<FileWriter>>()
  readonly #free: FreeSpace

  private constructor({ data, cacheSize, claims = alone }: FilesystemOptions) {
    this.#data = data
    this.#hot = new HotObjects(cacheSize)
    this.#free = new FreeSpace(data)
    this.#claims = claims
  }

  static async open(options: FilesystemOptions): Promise<FilesystemBlobStore> {
    const store = new FilesystemBlobStore(options)
    await storageErrors(async () => {
      await store.#directories.make(join(options.data, 'uploads'))
      await store.#directories.make(join(options.data, 'blobs'))
    })
    return store
  }

  markClosed(): Promise<void> {
    return this.#note(() => writeClosedMark(this.#data))
  }

  isMarkedClosed(): Promise<boolean> {
    return storageErrors(() => hasClosedMark(this.#data))
  }

  identity(): Promise<string | undefined> {
    return storageErrors(() => readIdentity(this.#data))
  }

  identify(identity: string): Promise<string> {
    return this.#note(() => writeIdentity(this.#data, identity))
  }

  uploadKey(id: string): ObjectKey {
    return uploadKey(id)
  }

  committedKey(id: string, digest: Digest): ObjectKey {
    return committedKey(id, digest)
  }

  openUpload(id: string, offset: number, session?: UploadSession): Promise<UploadWriter> {
    const before = this.#writers.get(id)
    const shared = session?.shared ?? false
    // Known from here on, so that whoever revokes it waits until it is opened.
    const opening: Promise<FileWriter> = storageErrors(() =>
      this.#takeOver(id, offset, { before, shared, closed: () => this.#forgetWriter(id, opening) }),
    )
    this.#writers.set(id, opening)
    opening.catch(() => this.#forgetWriter(id, opening))
    return opening
  }

  revokeUpload(id: string): Promise<void> {
    return revoke(this.#writers.get(id))
  }

  async #takeOver(
    id: string,
    offset: number,
    taking: { before: Promise<FileWriter> | undefined; shared: boolean; closed(): void },
  ): Promise<FileWriter> {
    const { before, shared, closed } = taking
    const claim = await this.#claims.claim(id)
    try {
      // A writer whose lease ran out may still hold bytes: they must not land among ours.
      await revoke(before)
      const path = fileOf(this.#data, uploadKey(id))
      const file = await openToWrite(id, path, offset)
      return new FileWriter(file, offset, {
        writeNow: (bytes, position) => this.#quick.write(file.fd, bytes, position),
        syncName: () => this.#directories.sync(dirname(path)),
        shared,
        closed: () => {
          closed()
          this.#claims.release(claim)
        },
      })
    } catch (error) {
      this.#claims.release(claim)
      throw error
    }
  }

  #forgetWriter(id: string, writer: Promise<FileWriter>): void {
    if (this.#writers.get(id) === writer) this.#writers.delete(id)
  }

  async *readUpload(id: string, length: number): AsyncIterable<Uint8Array> {
    const file = await openUploaded(id, fileOf(this.#data, uploadKey(id)), 'r')
    try {
      let position = 0
      while (position < length) {
        const buffer = new Uint8Array(Math.min(readSize, length - position))
        const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
        if (bytesRead === 0)
          throw new Error(`upload ${id} ends at ${position}, before the ${length} bytes on record`)
        position += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await file.close()
    }
  }

  create(key: ObjectKey): Promise<UploadWriter> {
    return storageErrors(async () => {
      const path = fileOf(this.#data, key)
      const directory = dirname(path)
      const file = await this.#directories.inside(directory, () => open(path, 'wx'))
      return new FileWriter(file, 0, {
        writeNow: (bytes, position) => this.#quick.write(file.fd, bytes, position),
        syncName: () => this.#directories.sync(directory),
        closed: () => undefined,
      })
    })
  }

  commit(
    id: string,
    key: ObjectKey,
    _notes: string | null = null,
    { contested } = { contested: false },
  ): Promise<Committed> {
    return storageErrors(async () => {
      const from = fileOf(this.#data, uploadKey(id))
      const to = fileOf(this.#data, key)
      const directory = dirname(to)
      try {
        // A file that somebody else may hold open is no object: a copy is, once it was compared with its digest.
        await this.#directories.inside(directory, () => (contested ? moveCopied(from, to) : rename(from, to)))
      } catch (error) {
        if (!isMissing(error)) throw error
        // A crash behind the rename and before the transaction left it there; or it was cancelled meanwhile.
        if ((await sizeOf(to)) === undefined) throw bytesGone(id, error)
      }
      await this.#directories.sync(directory)
      return { key, sure: !contested, superseded: [] }
    })
  }

  adopt(file: OpenedFile, key: ObjectKey): Promise<AdoptionRefused | undefined> {
    return storageErrors(async () => {
      const path = fileOf(this.#data, key)
      const directory = dirname(path)
      const refused = await this.#directories.inside(directory, () => adoptFile(file, path))
      if (!refused) await this.#directories.sync(directory)
      return refused
    })
  }

  async read(
    key: ObjectKey,
    { size, range }: { size: number; range?: ByteRange },
  ): Promise<BlobBody | undefined> {
    const path = fileOf(this.#data, key)
    const file: BlobBody = { kind: 'file', path, range }
    if (range || !this.#hot.wants(size)) return isWhole(path, size) ? file : undefined
    const kept = this.#hot.get(key)
    if (kept) return { kind: 'bytes', bytes: kept }
    if (!this.#hot.isHot(key)) return isWhole(path, size) ? file : undefined
    try {
      const bytes = await readFile(path)
      if (bytes.length !== size) return undefined
      this.#hot.keep(key, bytes)
      return { kind: 'bytes', bytes }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  readObject(key: ObjectKey, pieceSize: number): AsyncIterable<Uint8Array> {
    return readPieces(fileOf(this.#data, key), pieceSize)
  }

  listStorage(): AsyncIterable<readonly Lying[]> {
    return walkStorage(this.#data)
  }

  describe(name: string): Promise<LyingFacts | undefined> {
    return describeFile(this.#data, name)
  }

  async size(key: ObjectKey): Promise<number | undefined> {
    return sizeOf(fileOf(this.#data, key))
  }

  async remove(
    keys: readonly ObjectKey[],
    { unfinished = false }: { unfinished?: boolean } = {},
  ): Promise<void> {
    const directories = new Set<string>()
    for (const key of keys) {
      this.#hot.forget(key)
      const path = fileOf(this.#data, key)
      await rm(path, { force: true })
      if (unfinished) await rm(copyOf(path), { force: true })
      directories.add(dirname(path))
    }
    // Who forgets the key must not find the file again after a power cut.
    for (const directory of directories) await this.#directories.sync(directory).catch(ignoreMissing)
  }

  check(): Promise<void> {
    return probe(this.#data)
  }

  freeSpace(): Promise<number> {
    return this.#free.read()
  }

  async close(): Promise<void> {
    await this.#directories.close()
  }

  /** Writes a file of the store's own, beside the objects: its name is durable afterwards, too. */
  #note<T>(write: () => Promise<T>): Promise<T> {
    return storageErrors(async () => {
      const written = await write()
      await this.#directories.sync(this.#data)
      return written
    })
  }
}
