import { type FileHandle, open } from 'node:fs/promises'
import { RegistryError } from '../../oci/errors.ts'
import type { FileWriter } from './file-writer.ts'
import { isMissing } from './storage-errors.ts'

/** Opens an upload's file to write from `offset` on, without what lies behind. @throws BLOB_UPLOAD_UNKNOWN */
export async function openToWrite(id: string, path: string, offset: number): Promise<FileHandle> {
  if (offset === 0) return openUploaded(id, path, 'w')
  const file = await openUploaded(id, path, 'r+')
  try {
    await file.truncate(offset)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** @throws BLOB_UPLOAD_UNKNOWN where the file is gone */
export async function openUploaded(id: string, path: string, flags: string): Promise<FileHandle> {
  try {
    return await open(path, flags)
  } catch (cause) {
    throw isMissing(cause) ? bytesGone(id, cause) : cause
  }
}

export function bytesGone(id: string, cause: unknown): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'the bytes of this upload are gone: start a new one', {
    detail: { upload: id },
    cause,
  })
}

/** Resolves when the writer that is being opened, or was, writes no more. */
export async function revoke(writer: Promise<FileWriter> | undefined): Promise<void> {
  const opened = await writer?.catch(() => undefined)
  await opened?.revoke()
}
