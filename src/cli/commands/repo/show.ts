import type { Repository } from '../../../client/management.ts'
import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from '../../management/management.ts'
import { repositoryOf } from '../../management/names.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'
import { sizeText, timeText } from '../../output/units.ts'

export const repoShow: Command = {
  name: 'repo show',
  summary: 'show what a repository holds',
  help: () => `Shows how much a repository holds, and when something was last pushed to it,
and whether everybody may pull from it.

Usage: berth repo show REPOSITORY [FLAGS]

${besideServer}

Flags:
${columns(managementHelp)}

Example:
  berth repo show team/app
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: managementFlags,
      takes: ['REPOSITORY'],
    })
    const repository = repositoryOf(positionals[0] ?? '')
    await using management = await openManagement(values)
    printResult(values, await management.showRepository({ repository }), text)
    return 0
  },
}

function text({ name, tags, manifests, blobs, bytes, lastPush, visibility }: Repository): string {
  return `repository  ${name}
visibility  ${visibility}
tags        ${tags}
manifests   ${manifests}
blobs       ${blobs}
size        ${sizeText(bytes)} (each blob once; other repositories may share them)
last push   ${lastPush === null ? '-' : timeText(Date.parse(lastPush))}
`
}
