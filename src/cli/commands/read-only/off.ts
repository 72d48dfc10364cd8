import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from '../../management/management.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'
import { statusText } from './status.ts'

export const readOnlyOff: Command = {
  name: 'read-only off',
  summary: 'take pushes and deletions again',
  help: () => `Ends what \`berth read-only on\` began. Where the setting server.read-only says so too, the registry stays
read-only until the server is started without it.

Usage: berth read-only off [FLAGS]

${besideServer}

Flags:
${columns(managementHelp)}

Example:
  berth read-only off --data /var/lib/berth
`,
  async run(args) {
    const { values } = parseCommandLine(args, { options: managementFlags })
    await using management = await openManagement(values)
    printResult(values, await management.switchReadOnly({ readOnly: false }), statusText)
    return 0
  },
}
