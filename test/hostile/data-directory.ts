import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Fixture } from './fixture.ts'

/** Every file that Berth may ever make, by its path in the data directory. */
const known = [
  /^(?:metadata|activity)\.sqlite(?:-wal|-shm|-journal)?$/,
  /^lock(?:-journal)?$/,
  /^identity$/,
  /^journal\/[\w.-]+$/,
  /^uploads\/[0-9a-z-]{1,64}$/,
  /^blobs\/sha256\/([0-9a-f]{2})\/\1[0-9a-f]{62}\.[0-9a-z-]{1,64}$/,
  /^blobs\/sha512\/([0-9a-f]{2})\/\1[0-9a-f]{126}\.[0-9a-z-]{1,64}$/,
]

/** The files that should not be: outside the data directory, or in it under a name that no one gave. */
export async function unexpectedFiles({ surroundings, server }: Fixture): Promise<string[]> {
  const files = await filesBelow(surroundings)
  return files.filter((path) => {
    const inside = relative(server.data, path)
    return inside.startsWith('..') || !known.some((pattern) => pattern.test(inside))
  })
}

/** The paths of the files of uploads that are open, and of stored blobs. */
export async function storedFiles(data: string): Promise<{ uploads: string[]; blobs: string[] }> {
  return { uploads: await filesBelow(join(data, 'uploads')), blobs: await filesBelow(join(data, 'blobs')) }
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
