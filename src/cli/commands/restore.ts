import { resolve } from 'node:path'
import { type Restored, restore as restoreBackup } from '../../recovery/restore.ts'
import type { Command } from '../command.ts'
import { dataFlag, parseCommandLine } from '../command-line.ts'
import { embeddedDataOf } from '../embedded-data.ts'
import { columns } from '../output/columns.ts'
import { showProgress } from '../output/progress.ts'
import { outputFlag, outputHelp, printResult } from '../output/result.ts'
import { countText, durationText, sizeText, timeText } from '../output/units.ts'
import { damagedJson, damagedText } from './damaged-objects.ts'

export const restore: Command = {
  name: 'restore',
  summary: 'make a data directory from a backup',
  help: () => `Makes a data directory from what \`berth backup DIR\` wrote. Every blob and manifest is read and checked. The
directory must be empty or new, so no server can run on it; servers on other directories may run. One that
was interrupted goes on when the command is given again. A registry on PostgreSQL or in a bucket is restored
with their own means instead.

Usage: berth restore DIR --data NEW [FLAGS]

Flags:
${columns([
  ['--data', 'where to: a directory that is empty or not there yet [BERTH_DATA, or ./berth-data]'],
  ['--link', 'make hard links, where both are on one filesystem: fast, but no second copy of the bytes'],
  outputHelp,
])}

Exits with 1 when something in the backup is damaged; the rest is restored all the same.

Example:
  berth restore /mnt/backup/berth --data /var/lib/berth-restored
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...dataFlag, ...outputFlag, link: { type: 'boolean', default: false } },
      takes: ['DIR'],
    })
    const data = await embeddedDataOf(values)
    const started = performance.now()
    const bar = showProgress({ label: 'Restoring blobs', unit: 'bytes' })
    const restored = await restoreBackup({
      directory: resolve(positionals[0] ?? ''),
      data,
      link: values.link,
      now: Date.now,
      progress: (state) => bar.update(state),
    }).finally(() => bar.end())
    const duration = Math.round(performance.now() - started)
    printResult(values, json(restored, duration), () => text(restored, duration))
    return restored.damaged.length + restored.damagedManifests.length > 0 ? 1 : 0
  },
}

function json({ data, record, copied, damaged, damagedManifests }: Restored, duration: number) {
  return {
    data,
    backupOf: record.startedAt,
    restored: copied,
    damaged: damagedJson(damaged),
    damagedManifests,
    durationMs: duration,
  }
}

function text(restored: Restored, duration: number): string {
  const { data, record, copied, damaged, damagedManifests } = restored
  const lines = [
    `${data} holds the registry as of ${timeText(Date.parse(record.startedAt))}: ${countText(copied.count, 'blob')}, ${sizeText(copied.bytes)}, each checked, after ${durationText(duration)}.`,
    ...damagedText(damaged, 'the backup; a push of them heals them'),
    ...damagedManifests.map(({ repository, digest }) => `${repository}: manifest ${digest} is damaged`),
    '',
    `Start it with:  berth serve --data ${data}`,
  ]
  return `${lines.join('\n')}\n`
}
