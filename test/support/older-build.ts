import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from './berth.ts'
import { run } from './command.ts'

const root = join(import.meta.dir, '../..')

/**
 * Berth as it was, to run beside the present one: an archive rather than a commit of the history, which a checkout need
 * not have.
 * @param archive of `bin`, `src` and `package.json`, as `git archive` makes it
 * @returns its executable
 */
export async function olderBuild(archive: string): Promise<string> {
  const directory = await temporaryDirectory()
  await run('tar', ['-xz', '-f', archive, '-C', directory])
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  return join(directory, 'bin/berth')
}
