import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import {
  besideServer,
  everyEntry,
  managementFlags,
  managementHelp,
  openManagement,
} from '../../management/management.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { sizeText, timeText } from '../../output/units.ts'

export const repoList: Command = {
  name: 'repo list',
  summary: 'list the repositories with what they hold',
  help: () => `Lists the repositories by name. SIZE counts each blob of a repository once; others may share it.

Usage: berth repo list [FLAGS]

${besideServer}

Flags:
${columns(managementHelp)}

Examples:
  berth repo list
  berth repo list --data /var/lib/berth --output json
`,
  async run(args) {
    const { values } = parseCommandLine(args, { options: managementFlags })
    await using management = await openManagement(values)
    const repositories = await everyEntry(
      (page) => management.listRepositories(page),
      (page) => page.repositories,
    )
    printResult(values, { repositories }, () =>
      table(
        ['repository', 'visibility', 'tags', 'manifests', 'size', 'last push'],
        repositories.map(({ name, visibility, tags, manifests, bytes, lastPush }) => [
          name,
          visibility,
          String(tags),
          String(manifests),
          sizeText(bytes),
          lastPush === null ? '-' : timeText(Date.parse(lastPush)),
        ]),
        'there are no repositories yet',
      ),
    )
    return 0
  },
}
