import { openExistingData } from '../../data-directory.ts'
import { type CollectorRules, collectGarbage } from '../../jobs/collector.ts'
import { rulesOnRecord } from '../../registry/recorded-rules.ts'
import type { Command } from '../command.ts'
import { dataFlag, dataHelp, dataOf, parseCommandLine } from '../command-line.ts'
import { columns } from '../output/columns.ts'

export const gc: Command = {
  name: 'gc',
  summary: 'remove what nothing refers to any more',
  help: () => `Runs the collector now, beside a server that may run.

Usage: berth gc [FLAGS]

Flags:
${columns([dataHelp])}
`,
  async run(args) {
    const { values } = parseCommandLine(args, { options: dataFlag })
    await using data = await openExistingData({ data: dataOf(values) })
    const rules = await rulesOnRecord<{ collector: CollectorRules }>(data.metadata)
    if (!rules) throw new Error('no server ever ran on this data directory')
    const collected = await collectGarbage({ ...data, rules: rules.collector })
    process.stdout.write(`${JSON.stringify(collected)}\n`)
    return 0
  },
}
