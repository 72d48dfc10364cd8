import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { confirm, yesFlag, yesHelp } from '../../confirm.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from '../../management/management.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'
import { countText } from '../../output/units.ts'

export const trashEmpty: Command = {
  name: 'trash empty',
  summary: 'forget one deletion, or all, for good',
  help: () => `Forgets one deletion for good, or all of them. What they kept is removed by the collector, as soon as the
settings gc.grace and gc.keep-objects allow.

Usage: berth trash empty [ID] [FLAGS]

${besideServer}
On a terminal it asks first; a script needs --yes to forget all.

Flags:
${columns([yesHelp, ...managementHelp])}

Examples:
  berth trash empty 019ab9c2-6a0e-7000-a7f5-6d1b6b0c8e8f
  berth trash empty --yes
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...managementFlags, ...yesFlag },
      takes: ['[ID]'],
    })
    const [id] = positionals
    await using management = await openManagement(values)
    const question =
      id === undefined ? 'Forget all deletions for good?' : `Forget the deletion ${id} for good?`
    await confirm(question, { yes: values.yes, forGood: id === undefined })
    const emptied =
      id === undefined
        ? await management.emptyAllTrash({ repository: undefined })
        : await management.emptyTrash({ id })
    printResult(values, emptied, ({ emptied }) => `${countText(emptied, 'deletion')} forgotten for good\n`)
    return 0
  },
}
