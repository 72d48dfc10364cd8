import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from '../../management/management.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'
import { statusText } from './status.ts'

export const readOnlyOn: Command = {
  name: 'read-only on',
  summary: 'refuse pushes and deletions, while pulls go on',
  help: () => `Makes the registry read-only: pushes and deletions are answered with 503 and Retry-After, and nothing is
collected; pulls go on. It holds for a running server at once, and until \`berth read-only off\`, also over restarts.

Usage: berth read-only on [FLAGS]

${besideServer}

Flags:
${columns(managementHelp)}

Example:
  berth read-only on --data /var/lib/berth
`,
  async run(args) {
    const { values } = parseCommandLine(args, { options: managementFlags })
    await using management = await openManagement(values)
    printResult(values, await management.switchReadOnly({ readOnly: true }), statusText)
    return 0
  },
}
