import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from './berth.ts'
import { run } from './command.ts'

const root = join(import.meta.dir, '../..')

/**
 * Berth as it was at a commit of this repository's history, to run beside the present one.
 * @returns its executable
 * @throws where the history is not there
 */
export async function olderBuild(commit: string): Promise<string> {
  const directory = await temporaryDirectory()
  const archive = join(directory, 'source.tar')
  await run('git', ['-C', root, 'archive', '--output', archive, commit])
  await run('tar', ['-x', '-f', archive, '-C', directory])
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  return join(directory, 'bin/berth')
}
