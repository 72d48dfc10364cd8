import { link, rm, stat } from 'node:fs/promises'
import type { AdoptionRefused, OpenedFile } from '../blob-store.ts'

/** What link(2) says where a copy still helps. */
const refusals: Readonly<Record<string, AdoptionRefused>> = {
  EXDEV: 'elsewhere',
  // Of files of others (fs.protected_hardlinks), immutable ones, and filesystems that know no links.
  EPERM: 'refused',
  EACCES: 'refused',
  EMLINK: 'refused',
  ENOTSUP: 'refused',
  EOPNOTSUPP: 'refused',
  ENOSYS: 'refused',
}

/**
 * Links an opened file to a path that must be free. The bytes are durable when it resolves; the name is when its
 * directory was synced.
 * @throws when the path of the file leads to another one by now
 */
export async function adoptFile(
  { path, handle }: OpenedFile,
  to: string,
): Promise<AdoptionRefused | undefined> {
  const opened = await handle.stat()
  // Its owner may open it for writing at any time: what is stored must be nobody's but ours.
  if (opened.uid !== process.geteuid?.()) return 'foreign'
  // Whoever wrote it need not have synced it.
  await handle.sync()
  try {
    await link(path, to)
  } catch (error) {
    const refused = refusals[(error as NodeJS.ErrnoException).code ?? '']
    if (refused) return refused
    throw error
  }
  const linked = await stat(to)
  if (linked.ino === opened.ino && linked.dev === opened.dev) return undefined
  await rm(to, { force: true })
  throw new Error(`${path} was replaced while it was read`)
}
