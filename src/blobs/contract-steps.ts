import { digestOf } from '../oci/digest.ts'
import type {
  BlobBody,
  BlobStore,
  KeepsUploadKeys,
  ListsStorage,
  ObjectKey,
  ReadsObjects,
  UploadWriter,
} from './blob-store.ts'

/** Every driver so far has these abilities too. */
export type InspectedStore = BlobStore & ReadsObjects & ListsStorage & Partial<KeepsUploadKeys>

export const text = (value: string) => new TextEncoder().encode(value)

let writers = 0

/** Opens an upload to write, as who takes its lease does. */
export function openWriter(
  store: BlobStore,
  id: string,
  offset = 0,
  notes: string | null = null,
): Promise<UploadWriter> {
  writers += 1
  return store.openUpload(id, offset, { writer: `writer-${writers}`, notes })
}

export function notesOf(writer: UploadWriter): string | null {
  return writer.durable?.notes ?? null
}

/** @returns what would go on record */
export async function kept(
  store: BlobStore,
  id: string,
  offset: number,
  content: Uint8Array,
  notes: string | null = null,
): Promise<string | null> {
  const writer = await openWriter(store, id, offset, notes)
  await writer.write(content)
  await writer.keep()
  await writer.close()
  return notesOf(writer)
}

export async function committed(store: InspectedStore, id: string, notes: string | null): Promise<ObjectKey> {
  const digest = digestOf(text(id))
  return (await store.commit(id, store.finalKey?.(id) ?? store.committedKey(id, digest), notes)).key
}

export async function stored(store: InspectedStore, id: string, content: Uint8Array): Promise<ObjectKey> {
  return committed(store, id, await kept(store, id, 0, content))
}

export async function storedAtOnce(store: BlobStore, id: string, content: Uint8Array): Promise<ObjectKey> {
  const key = store.committedKey(id, digestOf(content))
  const writer = await store.create(key)
  await writer.write(content)
  await writer.keep()
  await writer.close()
  return key
}

/** What an upload holds, to its last byte. */
export async function finished(store: InspectedStore, id: string, notes: string | null): Promise<string> {
  const key = await committed(store, id, notes)
  return read(store, key, (await store.size(key)) ?? 0)
}

export async function bytes(
  store: BlobStore,
  key: string,
  size: number,
  range?: { first: number; last: number },
): Promise<Uint8Array> {
  const body: BlobBody | undefined = await store.read(key, range ? { size, range } : { size })
  if (!body) throw new Error(`no object ${key}`)
  if (body.kind === 'bytes') return body.bytes
  if (body.kind === 'stream') return new Response(body.stream).bytes()
  const file = Bun.file(body.path)
  return (body.range ? file.slice(body.range.first, body.range.last + 1) : file).bytes()
}

export async function read(...args: Parameters<typeof bytes>): Promise<string> {
  return new TextDecoder().decode(await bytes(...args))
}
