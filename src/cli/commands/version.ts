import { version as current } from '../../version.ts'
import type { Command } from '../command.ts'

export const version: Command = {
  name: 'version',
  summary: 'print the version',
  help: () => 'Prints the version of this Berth and of the Bun that it runs on.\n\nUsage: berth version\n',
  async run() {
    process.stdout.write(`berth ${current} (bun ${Bun.version}, ${process.platform}-${process.arch})\n`)
    return 0
  },
}
