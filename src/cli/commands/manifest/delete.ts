import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { confirm, yesFlag, yesHelp } from '../../confirm.ts'
import { purgeFlag, purgeHelp, trashText } from '../../management/deletion.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from '../../management/management.ts'
import { manifestOf } from '../../management/names.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'

export const manifestDelete: Command = {
  name: 'manifest delete',
  summary: 'delete a manifest with all its tags',
  help: () => `Deletes a manifest by its digest, with every tag that points at it. One that an index lists is refused:
delete the index first. \`berth trash restore\` takes it back within the setting trash.retention.

Usage: berth manifest delete REPOSITORY@DIGEST [FLAGS]

${besideServer}
On a terminal it asks first.

Flags:
${columns([purgeHelp, yesHelp, ...managementHelp])}

Example:
  berth manifest delete team/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...managementFlags, ...purgeFlag, ...yesFlag },
      takes: ['REPOSITORY@DIGEST'],
    })
    const { repository, digest } = manifestOf(positionals[0] ?? '')
    const { purge = false, yes } = values
    await using management = await openManagement(values)
    await confirm(`Delete ${repository}@${digest} with all its tags?`, { yes, forGood: false })
    const deleted = await management.deleteManifest({ repository, digest, purge })
    printResult(
      values,
      { repository, digest, ...deleted },
      () => `deleted ${repository}@${digest}\n${trashText(deleted)}`,
    )
    return 0
  },
}
