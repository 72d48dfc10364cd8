import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { confirm, yesFlag, yesHelp } from '../../confirm.ts'
import { purgeFlag, purgeHelp, trashText } from '../../management/deletion.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from '../../management/management.ts'
import { repositoryOf } from '../../management/names.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'
import { countText } from '../../output/units.ts'

export const repoDelete: Command = {
  name: 'repo delete',
  summary: 'delete a repository with everything in it',
  help: () => `Deletes a repository: all its tags and manifests. It goes into the trash as one deletion, from which
\`berth trash restore\` takes it back within the setting trash.retention. A repository with an immutable
tag (setting tags.immutable) is refused as a whole.

Usage: berth repo delete REPOSITORY [FLAGS]

${besideServer}
On a terminal it asks first; a script needs --yes together with --purge.

Flags:
${columns([purgeHelp, yesHelp, ...managementHelp])}

Examples:
  berth repo delete team/app
  berth repo delete team/app --purge --yes
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...managementFlags, ...purgeFlag, ...yesFlag },
      takes: ['REPOSITORY'],
    })
    const repository = repositoryOf(positionals[0] ?? '')
    const { purge = false, yes } = values
    await using management = await openManagement(values)
    const { tags, manifests } = await management.showRepository({ repository })
    const what = `${countText(manifests, 'manifest')} and ${countText(tags, 'tag')}`
    await confirm(`Delete ${repository} with ${what}${purge ? ' for good' : ''}?`, { yes, forGood: purge })
    printResult(
      values,
      await management.deleteRepository({ repository, purge }),
      (deleted) =>
        `deleted ${deleted.repository}: ${countText(deleted.manifests, 'manifest')}, ${countText(deleted.tags, 'tag')}\n${trashText(deleted)}`,
    )
    return 0
  },
}
