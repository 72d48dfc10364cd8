import { open, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The file is there whole or not at all, also after a power cut. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const partial = `${path}.partial`
  await writeFile(partial, text, { mode: 0o600 })
  await syncPath(partial)
  await rename(partial, path)
  await syncPath(dirname(path))
}
