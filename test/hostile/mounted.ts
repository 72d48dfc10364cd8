import { attempt, run } from '../support/command.ts'
import { requireHere, requireTools } from '../support/require.ts'

/** Whether this machine lets us mount; where it doesn't, says why, and in CI throws. */
export async function canMount(): Promise<boolean> {
  if (!requireTools(['mount', 'umount', 'unshare'], { asRoot: true })) return false
  const tried = await attempt('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'])
  return requireHere('a full or read-only disk', tried.exitCode === 0 ? [] : [tried.stderr.trim()])
}

/** A mount of the test's own; `await using` unmounts it whatever happens. */
export interface Mounted extends AsyncDisposable {
  unmount(): Promise<void>
}

/** Mounts a file system in memory of that many MiB. */
export async function mountMemory(directory: string, mebibytes: number): Promise<Mounted> {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory])
  return mounted(directory)
}

/** Makes a directory read-only, for root too. */
export async function mountReadOnly(directory: string): Promise<Mounted> {
  await run('mount', ['--bind', directory, directory])
  const bound = mounted(directory)
  await run('mount', ['-o', 'remount,bind,ro', directory])
  return bound
}

function mounted(directory: string): Mounted {
  let there = true
  const unmount = async () => {
    if (there) await run('umount', ['--lazy', directory])
    there = false
  }
  return { unmount, [Symbol.asyncDispose]: unmount }
}

/** Gives a file system in memory another size. */
export async function resizeMemory(directory: string, mebibytes: number): Promise<void> {
  await run('mount', ['-o', `remount,size=${mebibytes}m`, directory])
}
