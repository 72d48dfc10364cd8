import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from './storage-errors.ts'

/** The file by which a data directory is known. */
function identityFile(data: string): string {
  return join(data, 'identity')
}

export async function readIdentity(data: string): Promise<string | undefined> {
  try {
    return (await readFile(identityFile(data), 'utf8')).trim() || undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/**
 * Several may do so at once: the first is heard. The bytes are durable afterwards; the name is when the directory is
 * synced. @returns the identity that is there
 */
export async function writeIdentity(data: string, identity: string): Promise<string> {
  const found = await readIdentity(data)
  if (found !== undefined) return found
  await write(data, identity)
  return (await readIdentity(data)) ?? identity
}

async function write(data: string, identity: string): Promise<void> {
  const partial = `${identityFile(data)}.${crypto.randomUUID()}.partial`
  const file = await open(partial, 'wx', 0o600)
  try {
    const bytes = new TextEncoder().encode(`${identity}\n`)
    await file.write(bytes, 0, bytes.length, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(partial, identityFile(data))
    await rm(partial)
  } catch (error) {
    // A file without a word in it was made by nobody of ours, and some filesystems have no links.
    if ((await readIdentity(data)) === undefined) await rename(partial, identityFile(data))
    else await rm(partial)
    if (!linkless.has((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

const linkless: ReadonlySet<string> = new Set([
  'EEXIST',
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EMLINK',
  'ENOSYS',
])
