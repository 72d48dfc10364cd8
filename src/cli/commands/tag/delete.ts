import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { confirm, yesFlag, yesHelp } from '../../confirm.ts'
import { purgeFlag, purgeHelp, trashText } from '../../management/deletion.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from '../../management/management.ts'
import { tagOf } from '../../management/names.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'

export const tagDelete: Command = {
  name: 'tag delete',
  summary: 'delete one tag; its manifest stays',
  help: () => `Deletes one tag. The manifest and its other tags stay. \`berth trash restore\` takes it back within the
setting trash.retention.

Usage: berth tag delete REPOSITORY:TAG [FLAGS]

${besideServer}
On a terminal it asks first.

Flags:
${columns([purgeHelp, yesHelp, ...managementHelp])}

Example:
  berth tag delete team/app:v1
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...managementFlags, ...purgeFlag, ...yesFlag },
      takes: ['REPOSITORY:TAG'],
    })
    const { repository, tag } = tagOf(positionals[0] ?? '')
    const { purge = false, yes } = values
    await using management = await openManagement(values)
    await confirm(`Delete the tag ${repository}:${tag}?`, { yes, forGood: false })
    const deleted = await management.deleteTag({ repository, tag, purge })
    printResult(
      values,
      { repository, tag, ...deleted },
      () => `deleted the tag ${repository}:${tag}\n${trashText(deleted)}`,
    )
    return 0
  },
}
