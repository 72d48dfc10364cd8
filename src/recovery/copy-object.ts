import { link, open, rename, rm, stat } from 'node:fs/promises'
import { readObject } from '../blobs/filesystem/stored-objects.ts'
import type { Digest } from '../oci/digest.ts'

export interface ObjectCopy {
  readonly from: string
  readonly to: string
  readonly digest: Digest
  readonly size: number
  /** A hard link instead of bytes of its own: objects never change. */
  readonly link: boolean
  /** Whether the bytes are compared with their digest; their number always is. */
  readonly verify: boolean
  /** Told of bytes as they are read: a large object takes its time. */
  progress(bytes: number): void
}

/** Whether there is a whole copy now, or why not. */
export type CopyOutcome = 'copied' | 'damaged' | 'missing'

/** Copies an object's file, so that `to` is there durably and whole, or not at all; its directory is the caller's to sync. */
export async function copyObject(copy: ObjectCopy): Promise<CopyOutcome> {
  try {
    return copy.link ? await linkObject(copy) : await copyBytes(copy)
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && path === copy.from) return 'missing'
    if (code === 'EIO') return 'damaged'
    throw error
  }
}

async function copyBytes({ from, to, digest, size, verify, progress }: ObjectCopy): Promise<CopyOutcome> {
  const partial = `${to}.partial`
  const file = await open(partial, 'w', 0o600)
  try {
    const read = await readObject(from, digest, async (bytes) => {
      for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten
      progress(bytes.length)
    })
    if (read.size !== size || (verify && read.digest !== digest)) {
      await rm(partial)
      return 'damaged'
    }
    await file.sync()
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  } finally {
    await file.close()
  }
  await rename(partial, to)
  return 'copied'
}

async function linkObject(copy: ObjectCopy): Promise<CopyOutcome> {
  const { from, to, size, verify } = copy
  const sound = verify ? await isSound(copy) : (await stat(from)).size === size
  if (!sound) return 'damaged'
  await rm(to, { force: true })
  await link(from, to)
  return 'copied'
}

async function isSound({ from, digest, size, progress }: ObjectCopy): Promise<boolean> {
  const read = await readObject(from, digest, (bytes) => progress(bytes.length))
  return read.digest === digest && read.size === size
}

/** Whether a file of this size is there. */
export async function hasSize(path: string, size: number): Promise<boolean> {
  try {
    return (await stat(path)).size === size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
