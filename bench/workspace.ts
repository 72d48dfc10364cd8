import { mkdtemp, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { endAll } from './children.ts'

/** The directory that all data of one run lies in. */
export interface Workspace {
  readonly path: string
  readonly onDisk: boolean
  /** Ends the servers and removes the data. */
  remove(): Promise<void>
}

/** Linux's number for tmpfs, see statfs(2). */
const tmpfs = 0x01021994

/** Makes the directory, and sees to it that Ctrl-C leaves neither data nor servers behind. */
export async function openWorkspace(parent: string, bytesNeeded: number): Promise<Workspace> {
  const filesystem = await statfs(parent)
  const free = filesystem.bavail * filesystem.bsize
  if (free < bytesNeeded) {
    const gib = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`
    throw new Error(
      `${parent} has ${gib(free)} free and ${gib(bytesNeeded)} are needed: choose another with --dir`,
    )
  }
  const path = await mkdtemp(join(parent, 'berth-bench-'))
  let interrupted = false
  const remove = async () => {
    // Not node's rm: hundreds of thousands of files take it minutes. And at once: nothing here writes meanwhile.
    await endAll()
    Bun.spawnSync(['rm', '-rf', path])
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      interrupted = true
      process.stderr.write(`\n${signal}: ending the servers and removing ${path}\n`)
      void remove().finally(() => process.exit(130))
    })
  }
  return { path, onDisk: filesystem.type !== tmpfs, remove: () => (interrupted ? untilExit() : remove()) }
}

/** The signal's handler removes the data and ends this process. */
function untilExit(): Promise<never> {
  return new Promise(() => {})
}
