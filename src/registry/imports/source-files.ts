import { constants, type Dirent } from 'node:fs'
import { lstat, open, opendir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { SourceError, type SourceFile } from './source.ts'

/** Without O_NONBLOCK a named pipe would wait for its other end for ever. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Opens a regular file of the source. Symbolic links are followed nowhere below the source's own path: they could lead
 * out of it. @param path absolute, below a path that `realpath` gave
 * @returns undefined when there is none. @throws SourceError
 */
export async function openFile(path: string): Promise<SourceFile | undefined> {
  return reading(path, async () => {
    await refuseLinks(path)
    const handle = await open(path, flags)
    const stat = await handle.stat()
    if (stat.isFile()) return { path, handle, size: stat.size }
    await handle.close()
    throw new SourceError(`${path} is not a regular file`)
  })
}

/** The whole of a file that must be small. @returns undefined when there is none. @throws SourceError */
export async function readSmallFile(path: string, largest: number): Promise<Uint8Array | undefined> {
  const file = await openFile(path)
  if (!file) return undefined
  try {
    return await readAll(file, largest)
  } finally {
    await file.handle.close()
  }
}

/** @throws SourceError, also where the file is larger than `largest` bytes */
export async function readAll(file: SourceFile, largest: number): Promise<Uint8Array> {
  if (file.size > largest)
    throw new SourceError(`${file.path} has ${file.size} bytes: too many for what it is`)
  const bytes = new Uint8Array(file.size)
  let length = 0
  for await (const chunk of chunksOf(file, { chunkSize: file.size, reuse: true })) {
    bytes.set(chunk, length)
    length += chunk.length
  }
  return bytes
}

export interface Reading {
  /** Bytes at a time. */
  readonly chunkSize: number
  /** Whether each chunk may be overwritten when the next one is asked for: then memory is taken once. */
  readonly reuse: boolean
}

/** The file's bytes as they were when it was opened. @throws SourceError where it has others by now */
export async function* chunksOf(file: SourceFile, { chunkSize, reuse }: Reading): AsyncGenerator<Uint8Array> {
  const length = Math.min(chunkSize, file.size)
  let buffer = new Uint8Array(length)
  for (let position = 0; position < file.size; ) {
    if (!reuse && position > 0) buffer = new Uint8Array(Math.min(length, file.size - position))
    const { bytesRead } = await readingOpen(file.path, () =>
      file.handle.read(buffer, 0, Math.min(buffer.length, file.size - position), position),
    )
    if (bytesRead === 0) throw new SourceError(`${file.path} became shorter while it was read`)
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
  const { size } = await file.handle.stat()
  if (size !== file.size) throw new SourceError(`${file.path} became larger while it was read`)
}

export interface Entry {
  readonly name: string
  readonly path: string
  readonly kind: 'directory' | 'file' | 'link' | 'other'
}

/** What lies in a directory, in no order; nothing where there is none. @throws SourceError */
export async function* entriesOf(directory: string): AsyncGenerator<Entry> {
  const entries = await reading(directory, async () => {
    await refuseLinks(directory)
    return opendir(directory)
  })
  if (!entries) return
  try {
    for (;;) {
      const entry = await reading(directory, () => entries.read())
      if (!entry) return
      const path = join(directory, entry.name)
      yield { name: entry.name, path, kind: await kindOf(entry, path) }
    }
  } finally {
    await entries.close()
  }
}

export async function isDirectory(path: string): Promise<boolean> {
  return (await reading(path, () => lstat(path)))?.isDirectory() ?? false
}

/** Where a path that the operator named leads to; he may well have named a symbolic link. @throws SourceError */
export async function realPathOf(path: string): Promise<string> {
  return readingOpen(path, () => realpath(path))
}

async function kindOf(entry: Dirent, path: string): Promise<Entry['kind']> {
  const told = kindIn(entry)
  // Some filesystems tell the kind only of an entry that is asked for.
  if (told !== 'other') return told
  const stat = await reading(path, () => lstat(path))
  return stat ? kindIn(stat) : 'other'
}

function kindIn(entry: Pick<Dirent, 'isDirectory' | 'isFile' | 'isSymbolicLink'>): Entry['kind'] {
  if (entry.isDirectory()) return 'directory'
  if (entry.isFile()) return 'file'
  return entry.isSymbolicLink() ? 'link' : 'other'
}

export const linkNotFollowed = 'symbolic links are not followed'

async function refuseLinks(path: string): Promise<void> {
  if ((await realpath(path)) !== path)
    throw new SourceError(`${path} leads over a symbolic link: ${linkNotFollowed}`)
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await readingOpen(path, work)
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

async function readingOpen<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof SourceError) throw cause
    throw new SourceError(`${path} can't be read: ${whyUnreadable(cause)}`, { cause })
  }
}

function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM')
    return `this runs as the user ${process.geteuid?.()}, the owner of the data directory, who may not`
  return code ?? message
}
