import { copyFile, mkdir, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { removeDirectory, temporaryDirectory } from './berth.ts'
import { run } from './command.ts'

const applets = ['cat', 'echo', 'httpd', 'ls', 'rm', 'sh', 'sha256sum', 'sleep', 'true', 'uname', 'wget']

/** A root filesystem of 2 MB that runs: a shell and a few tools from Debian's busybox-static. */
export async function busyboxRoot(): Promise<string> {
  const root = await temporaryDirectory()
  for (const name of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev']) await mkdir(join(root, name))
  await copyFile(Bun.which('busybox') ?? '/bin/busybox', join(root, 'bin/busybox'))
  for (const applet of applets) await symlink('busybox', join(root, 'bin', applet))
  await Bun.write(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n')
  return root
}

/** The path of a tar archive of that root filesystem. */
export async function busyboxArchive(): Promise<string> {
  const archive = join(await temporaryDirectory(), 'busybox.tar')
  await run('tar', ['-C', await busyboxRoot(), '-cf', archive, '.'])
  return archive
}

/**
 * The path of a tar archive of a whole Debian, 120 MB, as a stand-in for an image that can't be pulled here.
 * debootstrap takes half a minute, so the archive stays in BERTH_TEST_CACHE.
 */
export async function debianArchive(): Promise<string> {
  const cache = process.env.BERTH_TEST_CACHE ?? '/tmp/berth-test-cache'
  const archive = join(cache, 'debian-bookworm.tar')
  if (await Bun.file(archive).exists()) return archive
  await mkdir(cache, { recursive: true })
  const root = await temporaryDirectory()
  await run('debootstrap', ['--variant=minbase', 'bookworm', root], { timeout: 280_000 })
  const partial = `${archive}.${process.pid}`
  const unneeded = ['./dev/*', './proc/*', './sys/*', '*.deb', '*pkgcache.bin', '*_Packages']
  await run('tar', ['-C', root, ...unneeded.map((path) => `--exclude=${path}`), '-cf', partial, '.'])
  await rename(partial, archive)
  await removeDirectory(root)
  return archive
}
