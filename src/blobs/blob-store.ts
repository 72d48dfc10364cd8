import type { FileHandle } from 'node:fs/promises'
import type { ByteRange } from '../oci/byte-range.ts'
import type { Digest } from '../oci/digest.ts'

/** The name of one stored object. Metadata alone says which object holds a digest. */
export type ObjectKey = string

/** Where bytes are kept. Objects that are committed never change. */
export interface BlobStore {
  /** The key of an upload's object while it is open. */
  uploadKey(id: string): ObjectKey
  /** The key of a committed object: `id` must be new for each, so that no key is ever used twice. */
  committedKey(id: string, digest: Digest): ObjectKey
  /** Makes an object under its committed key at once, for a request that brings all of its bytes. */
  create(key: ObjectKey): Promise<UploadWriter>
  /**
   * Opens an upload's object to write from `offset` on; what lies behind it is dropped. Made when it is not there
   * and the offset is 0. A writer that was opened before for the same upload can write no more.
   */
  openUpload(id: string, offset: number, session: UploadSession): Promise<UploadWriter>
  /**
   * Makes a synced upload's object durable under its committed key. May be repeated after a crash.
   * @param notes the newest that there are of the upload
   * @param upload.contested whether a writer in another process, which lost the right to write, may still do so
   * @throws BLOB_UPLOAD_UNKNOWN where its bytes are gone
   */
  commit(
    id: string,
    key: ObjectKey,
    notes: string | null,
    upload?: { readonly contested: boolean },
  ): Promise<Committed>
  /** The object's bytes, or undefined when there is none of this key. `size` is what the metadata says. */
  read(key: ObjectKey, part: { size: number; range?: ByteRange }): Promise<BlobBody | undefined>
  /** Bytes of an object; undefined when there is none. */
  size(key: ObjectKey): Promise<number | undefined>
  /**
   * Removes objects durably; those that are gone already are no failure.
   * @param options.unfinished whether they may never have been made to the end: then what was begun goes too
   */
  remove(keys: readonly ObjectKey[], options?: { unfinished?: boolean }): Promise<void>
  /** Throws when the store can't be read and written. */
  check(): Promise<void>
}

/** Who writes to an upload of several requests, and what the store noted about it before. */
export interface UploadSession {
  /** The holder of the lease: no two have the same name. */
  readonly writer: string
  /** What `DurableUpload` said last; null: nothing. */
  readonly notes: string | null
  /** Whether a writer in another process may overtake this one: then it must take nothing away. */
  readonly shared?: boolean
}

/** What must go on record together with the offset. */
export interface DurableUpload {
  /** What the store needs to go on from here, on whichever process. */
  readonly notes: string | null
  /** What nobody needs any more once these notes are on record. */
  readonly superseded: readonly ObjectKey[]
}

export interface Committed {
  /** Under which the object lies: not always the key that was asked for. */
  readonly key: ObjectKey
  /** Whether it is known to hold what was written; else its bytes must be read again before they are trusted. */
  readonly sure: boolean
  readonly superseded: readonly ObjectKey[]
}

/** Writes one upload, in order. Whoever opened it closes it. */
export interface UploadWriter {
  /** After `sync` or `keep`, where the store needs to note something. */
  readonly durable?: DurableUpload | undefined
  /** Takes a chunk; resolves when there is room for more, which may be before it is written. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** Waits until the bytes that were written are durable: enough for `commit`, which makes the name durable. */
  sync(): Promise<void>
  /** Waits until bytes and name are durable: another request may go on from here, or the object is whole. */
  keep(): Promise<void>
  /** Drops what this writer wrote. */
  discard(): Promise<void>
  close(): Promise<void>
}

/** An ability of stores whose open uploads another process may take over. */
export interface RevokesUploads {
  /** When it resolves, no writer that this process opened for the upload changes it any more. */
  revokeUpload(id: string): Promise<void>
}

/** An ability of stores whose uploads can be read before they are committed. */
export interface ReadsUploads {
  /** The first `length` bytes of an upload's object. */
  readUpload(id: string, length: number): AsyncIterable<Uint8Array>
}

/** An ability of stores that can't give an object another name without copying it. */
export interface KeepsUploadKeys {
  /** The key of what an upload of several requests becomes: it follows from the upload alone. */
  finalKey(upload: string): ObjectKey
}

/** An ability of stores that clients can read from themselves. */
export interface PresignsReads {
  /** An address that holds for a while; undefined: this client is not sent there. Never to be logged. */
  presignRead(key: ObjectKey, client: string): Promise<string | undefined>
}

/** An ability of stores that fill up. */
export interface ReportsFreeSpace {
  /** Bytes that can still be stored. */
  freeSpace(): Promise<number>
}

/** An ability of stores that keep a mark beside the objects, which outlives the database: that it has accounts. */
export interface MarksClosed {
  /** Durable when the promise resolves. */
  markClosed(): Promise<void>
  isMarkedClosed(): Promise<boolean>
}

/** An ability of stores that bear a name of their own, by which they are known wherever they are moved. */
export interface BearsIdentity {
  /** Undefined: nobody gave it one. */
  identity(): Promise<string | undefined>
  /** Gives it this one, unless it has one. Durable when the promise resolves. @returns the one that it has */
  identify(identity: string): Promise<string>
}

/** An ability of stores whose objects can be read as a whole, other than to answer a request. */
export interface ReadsObjects {
  /**
   * An object's bytes in pieces of at most `pieceSize`, each good only until the next is asked for. Fails where there
   * is no such object, and where its bytes can't be read.
   */
  readObject(key: ObjectKey, pieceSize: number): AsyncIterable<Uint8Array>
}

/** An ability of stores that can tell what lies in them: for verification, which alone asks for it. */
export interface ListsStorage {
  /** Everything that lies where objects lie, whoever put it there, in pages and in no order. */
  listStorage(): AsyncIterable<readonly Lying[]>
  /** Undefined when it is gone. */
  describe(name: string): Promise<LyingFacts | undefined>
}

export interface Lying {
  /** What the store calls it. */
  readonly name: string
  /** Undefined: nothing that this store would have made. */
  readonly key: ObjectKey | undefined
  /** The key of the upload of which it may be a part, where that is another. */
  readonly upload?: ObjectKey
  /** Bytes, where the list tells. */
  readonly size?: number
}

export interface LyingFacts {
  readonly size: number
  /** Since when it lies there as it does. Milliseconds since 1970. */
  readonly since: number
}

/** An ability of stores that a registry can move into. */
export interface TakesMigration {
  /** What `setMigration` noted beside the objects; undefined: nothing. */
  migration(): Promise<string | undefined>
  /** Durable when the promise resolves. */
  setMigration(note: string): Promise<void>
  /** Drops what writers that are gone began and did not finish, under any key. */
  dropUnfinished(): Promise<void>
}

/** An ability of stores that keep files: to take one over that lies on the same filesystem, without copying it. */
export interface AdoptsFiles {
  /**
   * Gives the file a second name as the object of this key (a hard link), durable with its bytes. The file must never
   * be written to again; that its first name is removed later does no harm.
   * @returns why it can't be done, so that the bytes must be copied; undefined: it is done
   */
  adopt(file: OpenedFile, key: ObjectKey): Promise<AdoptionRefused | undefined>
}

/**
 * `elsewhere`: it lies on another filesystem; `foreign`: it belongs to another user, who could write to it; `refused`:
 * the filesystem makes no (more) links to it.
 */
export type AdoptionRefused = 'elsewhere' | 'foreign' | 'refused'

/** A file that was opened to read; what was read is meant, wherever the path leads by now. */
export interface OpenedFile {
  readonly path: string
  readonly handle: FileHandle
}

/** What an answer is made of; which of these, is up to the store. */
export type BlobBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string; readonly range: ByteRange | undefined }
  /** The bytes of the range, as fast as they are taken. Fails where they can't be had to the end. */
  | { readonly kind: 'stream'; readonly stream: ReadableStream<Uint8Array<ArrayBuffer>> }
