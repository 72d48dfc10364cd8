import { constants, copyFile, open, rename, rm, stat } from 'node:fs/promises'

/** Where a file is copied to before it takes its name. */
export function copyOf(path: string): string {
  return `${path}.copy`
}

/**
 * Moves a file so that whoever has it open does not have it open any more: as a copy, which is on disk when this resolves.
 * May be repeated after a crash. @throws ENOENT where there is no such file
 */
export async function moveCopied(from: string, to: string): Promise<void> {
  const copy = copyOf(from)
  for (;;) {
    // Where the filesystem can, the copy shares the file's blocks.
    await copyFile(from, copy, constants.COPYFILE_FICLONE)
    const inode = await synced(copy)
    await rename(copy, to)
    await rm(from, { force: true })
    // Another that moves the same file may have come in between, with the file itself.
    if ((await stat(to)).ino === inode) return
    await rename(to, from)
  }
}

async function synced(path: string): Promise<number> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
    return (await file.stat()).ino
  } finally {
    await file.close()
  }
}
