import type { Command } from '../../command.ts'
import { UsageError } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from '../../management/management.ts'
import { tagOf } from '../../management/names.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { timeText } from '../../output/units.ts'

const standardLimit = 100
const largestLimit = 1000

export const tagHistory: Command = {
  name: 'tag history',
  summary: 'show what a tag pointed at, when, and who moved it',
  help: () => `Shows the moves of a tag, the latest first. \`berth tag restore\` puts it back to one of them, and
\`berth resolve --at\` tells what it pointed at at a time.

Usage: berth tag history REPOSITORY:TAG [FLAGS]

${besideServer}

Flags:
${columns([['--limit', `how many moves, at most ${largestLimit} [${standardLimit}]`], ...managementHelp])}

Example:
  berth tag history team/app:latest
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...managementFlags, limit: { type: 'string' } },
      takes: ['REPOSITORY:TAG'],
    })
    const address = tagOf(positionals[0] ?? '')
    const limit = limitOf(values.limit)
    await using management = await openManagement(values)
    printResult(values, await management.tagHistory({ ...address, limit }), ({ moves }) =>
      table(
        ['since', 'digest', 'by'],
        moves.map(({ digest, at, caller }) => [timeText(Date.parse(at)), digest ?? '(deleted)', caller]),
        'no moves',
      ),
    )
    return 0
  },
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return standardLimit
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= largestLimit) return limit
  throw new UsageError(`--limit is a number from 1 to ${largestLimit}, not ${JSON.stringify(text)}`)
}
