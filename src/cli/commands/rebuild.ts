import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { metadataFile } from '../../data-directory.ts'
import { rebuild as rebuildData } from '../../recovery/rebuild.ts'
import type { Command } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { confirm, yesFlag } from '../confirm.ts'
import { embeddedDataOf } from '../embedded-data.ts'
import { columns } from '../output/columns.ts'
import { type Progress, showProgress } from '../output/progress.ts'
import { outputFlag, outputHelp, printResult } from '../output/result.ts'
import { storeFlags, storeHelp } from '../settings.ts'
import { rebuiltJson, rebuiltText } from './rebuild-report.ts'

export const rebuild: Command = {
  name: 'rebuild',
  summary: 'make the database anew when it is lost or damaged',
  help: () => `Makes DATA/metadata.sqlite anew from DATA/journal and from what lies in DATA/blobs: repositories,
images, tags with their history, and the trash. Every blob is read and checked. Nothing is removed: a database
that lies there is moved to metadata.sqlite.TIME.old first.

The server must not run meanwhile; the command refuses if it does.

Usage: berth rebuild [FLAGS]

Flags:
${columns([
  ...storeHelp,
  ['--quick', 'take blobs for what their names say, without reading them; run `berth verify` later'],
  ['--yes', 'move a database that is there aside without asking'],
  outputHelp,
])}

Exits with 1 when something could not be brought back, and lists it.

Example:
  berth rebuild --data /var/lib/berth
`,
  async run(args) {
    const { values } = parseCommandLine(args, {
      options: {
        ...storeFlags,
        ...outputFlag,
        quick: { type: 'boolean', default: false },
        ...yesFlag,
      },
    })
    const data = resolve(await embeddedDataOf(values))
    const database = metadataFile(data)
    if (existsSync(database)) {
      const question = `${database} is there: move it aside and make a new one?`
      await confirm(question, { yes: values.yes, forGood: true })
    }
    const bars = barsOf()
    const rebuilt = await rebuildData({
      data,
      quick: values.quick,
      now: Date.now(),
      progress: (step, done) => bars(step).update({ done }),
    }).finally(() => bars(undefined))
    printResult(values, rebuiltJson(rebuilt), () => rebuiltText(rebuilt, data))
    return rebuilt.losses.count > 0 ? 1 : 0
  },
}

const labels = { journal: 'Reading the journal', objects: 'Finding blobs', bytes: 'Reading blobs' } as const

/** One bar at a time, each for its step; undefined: none any more. */
function barsOf() {
  let shown: { readonly step: string | undefined; readonly bar: Progress } | undefined
  return (step: keyof typeof labels | undefined): Progress => {
    if (shown && shown.step === step) return shown.bar
    shown?.bar.end()
    const bar = step
      ? showProgress({ label: labels[step], unit: step === 'bytes' ? 'bytes' : 'items' })
      : { update: () => undefined, end: () => undefined }
    shown = { step, bar }
    return bar
  }
}
