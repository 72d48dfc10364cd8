import type { TrashItem } from '../../../client/management.ts'
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
import { countText, timeText } from '../../output/units.ts'

export const trashList: Command = {
  name: 'trash list',
  summary: 'list what was deleted and can be taken back',
  help: () => `Lists the deletions that can be taken back, of one repository or of all, the oldest first, and until when.

Usage: berth trash list [REPOSITORY] [FLAGS]

${besideServer}

Flags:
${columns(managementHelp)}

Example:
  berth trash list team/app
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: managementFlags,
      takes: ['[REPOSITORY]'],
    })
    const repository = positionals[0] === undefined ? undefined : repositoryOf(positionals[0])
    await using management = await openManagement(values)
    const trash = await everyEntry(
      (page) => management.listTrash({ repository, ...page }),
      (page) => page.trash,
    )
    printResult(values, { trash }, () =>
      table(
        ['id', 'deleted', 'until', 'by', 'what'],
        trash.map((item) => [
          item.id,
          timeText(Date.parse(item.deletedAt)),
          timeText(Date.parse(item.expiresAt)),
          item.caller,
          whatOf(item),
        ]),
        'nothing is in the trash',
      ),
    )
    return 0
  },
}

function whatOf({ repository, kind, name, manifests, tags, tagCount, restoringTo }: TrashItem): string {
  switch (kind) {
    case 'tag':
      return `${repository}:${name}`
    case 'manifest':
      return `${repository}@${name}${tagCount === 0 ? '' : ` (${tagCount > 3 ? countText(tagCount, 'tag') : tags.join(', ')})`}`
    case 'repository':
      return `${repository} (${countText(manifests, 'manifest')}, ${countText(tagCount, 'tag')})${restoringTo ? `, partly restored to ${restoringTo}` : ''}`
  }
}
