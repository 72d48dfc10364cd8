import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lying, LyingFacts } from '../blob-store.ts'
import { isObjectKey, probeName } from './paths.ts'
import { isMissing } from './storage-errors.ts'

const largestPage = 1000

/** Every file below the directories of objects, a directory at a time; links are listed and not followed. */
export async function* walkStorage(data: string): AsyncIterable<readonly Lying[]> {
  const directories = ['uploads', 'blobs']
  for (let name = directories.pop(); name !== undefined; name = directories.pop()) {
    const files: Lying[] = []
    const entries = await entriesOf(join(data, name))
    // What this user may not look into is not Berth's: it is told as one. Only ext4's own belongs there.
    if (!entries) {
      if (!name.endsWith('/lost+found')) yield [{ name, key: undefined }]
      continue
    }
    for (const entry of entries) {
      const path = `${name}/${entry.name}`
      if (entry.isDirectory()) directories.push(path)
      else if (path !== probeName)
        files.push({ name: path, key: entry.isFile() && isObjectKey(path) ? path : undefined })
    }
    for (let start = 0; start < files.length; start += largestPage)
      yield files.slice(start, start + largestPage)
  }
}

/** @param name as `walkStorage` gave it */
export async function describeFile(data: string, name: string): Promise<LyingFacts | undefined> {
  try {
    const { size, ctimeMs } = await lstat(join(data, name))
    // Of all times this is the one that copies and hard links set anew, and nobody can set back.
    return { size, since: ctimeMs }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** None where the directory went meanwhile; undefined where this user may not look. */
async function entriesOf(path: string): Promise<Dirent[] | undefined> {
  try {
    return await readdir(path, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined
    throw error
  }
}
