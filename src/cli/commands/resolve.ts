import type { ResolvedTag } from '../../client/management.ts'
import type { Command } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import {
  besideServer,
  managementFlags,
  managementHelp,
  momentOf,
  openManagement,
} from '../management/management.ts'
import { tagOf, understood } from '../management/names.ts'
import { columns } from '../output/columns.ts'
import { printResult } from '../output/result.ts'

export const resolve: Command = {
  name: 'resolve',
  summary: 'print the digest that a tag points at, or pointed at at a time',
  help: () => `Prints the digest that a tag points at now, or with --at what it pointed at then: for a pull as of that time.
Where the manifest can't be pulled any more, it says so on stderr.

Usage: berth resolve REPOSITORY:TAG [--at TIME] [FLAGS]

${besideServer}

Flags:
${columns([
  [
    '--at',
    'a time: ISO 8601 such as 2026-11-25T14:00:00Z (without Z or offset: of this machine), or an age such as 2h',
  ],
  ...managementHelp,
])}

Example:
  docker pull localhost:5000/team/app@$(berth resolve team/app:latest --at 2h)
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...managementFlags, at: { type: 'string' } },
      takes: ['REPOSITORY:TAG'],
    })
    const address = tagOf(positionals[0] ?? '')
    const { at } = values
    const moment = at === undefined ? undefined : understood(at, () => momentOf(at))
    await using management = await openManagement(values)
    const resolved = await management.resolveTag({ ...address, at: moment })
    printResult(values, resolved, ({ digest }) => `${digest}\n`)
    process.stderr.write(warning(resolved))
    return 0
  },
}

function warning({ repository, tag, digest, manifest }: ResolvedTag): string {
  switch (manifest) {
    case 'there':
      return ''
    case 'trash':
      return `berth: the manifest is in the trash: \`berth tag restore ${repository}:${tag} --to ${digest}\` or \`berth trash restore\` brings it back\n`
    case 'gone':
      return 'berth: the manifest was deleted, and can not be pulled any more\n'
  }
}
