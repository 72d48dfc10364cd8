import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import {
  besideServer,
  everyEntry,
  managementFlags,
  managementHelp,
  openManagement,
} from '../../management/management.ts'
import { repositoryOf } from '../../management/names.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { sizeText, timeText } from '../../output/units.ts'

export const tagList: Command = {
  name: 'tag list',
  summary: 'list the tags of a repository with what they point at',
  help: () => `Lists the tags of a repository by name, with the digest that each points at and since when. The size is
that of config and layers; an index, which has none of its own, shows a dash.

Usage: berth tag list REPOSITORY [FLAGS]

${besideServer}

Flags:
${columns(managementHelp)}

Example:
  berth tag list team/app
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: managementFlags,
      takes: ['REPOSITORY'],
    })
    const repository = repositoryOf(positionals[0] ?? '')
    await using management = await openManagement(values)
    const tags = await everyEntry(
      (page) => management.listTags({ repository, ...page }),
      (page) => page.tags,
    )
    printResult(values, { repository, tags }, () =>
      table(
        ['tag', 'digest', 'size', 'since'],
        tags.map(({ tag, digest, size, updatedAt }) => [
          tag,
          digest,
          size === 0 ? '-' : sizeText(size),
          timeText(Date.parse(updatedAt)),
        ]),
        `${repository} has no tags`,
      ),
    )
    return 0
  },
}
