import { RegistryError } from '../../oci/errors.ts'

const full: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const closed: ReadonlySet<unknown> = new Set(['EROFS', 'EACCES', 'EPERM', 'EIO'])

/** Runs work on the disk; what the disk refuses becomes the registry's error. */
export async function storageErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toStorageError(error)
  }
}

export function toStorageError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException)?.code
  if (full.has(code)) {
    return new RegistryError(
      'STORAGE_FULL',
      'the storage is full: nothing was kept of this request; ask the registry’s operator to make room',
      { cause: error },
    )
  }
  if (closed.has(code)) {
    return new RegistryError(
      'STORAGE_UNAVAILABLE',
      'the storage can not be written at the moment; ask the registry’s operator',
      { cause: error },
    )
  }
  return error
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** A directory that is not there holds no entry that could come back. */
export function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error
}
