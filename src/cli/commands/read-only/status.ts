import type { ReadOnlyStatus } from '../../../client/management.ts'
import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from '../../management/management.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'
import { timeText } from '../../output/units.ts'

export const readOnlyStatus: Command = {
  name: 'read-only status',
  summary: 'tell whether pushes and deletions are refused',
  help: () => `Tells whether the registry is read-only: by \`berth read-only on\`, or by the setting server.read-only.

Usage: berth read-only status [FLAGS]

${besideServer}

Flags:
${columns(managementHelp)}
`,
  async run(args) {
    const { values } = parseCommandLine(args, { options: managementFlags })
    await using management = await openManagement(values)
    printResult(values, await management.readOnlyStatus(), statusText)
    return 0
  },
}

export function statusText({ readOnly, setting, switched }: ReadOnlyStatus): string {
  if (!readOnly) return 'the registry takes pushes and deletions\n'
  const reasons = [
    ...(switched ? [`since ${timeText(Date.parse(switched.at))}, by ${switched.by}`] : []),
    ...(setting ? ['the setting server.read-only says so'] : []),
  ]
  return `the registry is read-only: ${reasons.join('; ')}\n`
}
