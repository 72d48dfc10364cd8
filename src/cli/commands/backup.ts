import { type BackedUp, backup as backUp } from '../../recovery/backup.ts'
import type { Command } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { embeddedDataOf } from '../embedded-data.ts'
import { columns } from '../output/columns.ts'
import { showProgress } from '../output/progress.ts'
import { outputFlag, outputHelp, printResult } from '../output/result.ts'
import { countText, durationText, sizeText } from '../output/units.ts'
import { storeFlags, storeHelp } from '../settings.ts'
import { damagedJson, damagedText } from './damaged-objects.ts'

export const backup: Command = {
  name: 'backup',
  summary: 'copy the registry into a directory, while it serves',
  help: () => `Makes DIR a consistent copy of the registry: all of its metadata as of one moment, and every blob that the
metadata names. The server may run meanwhile, and pushes, pulls and deletions go on. A second backup into
the same DIR copies only what is new. Until it is whole, the one before it can be restored. A registry on
PostgreSQL, or whose blobs lie in a bucket, is backed up with their own means instead.

Usage: berth backup DIR [FLAGS]

Flags:
${columns([
  ...storeHelp,
  ['--no-verify', 'do not compare what is copied with its digest'],
  [
    '--link',
    'make hard links, where DIR is on the filesystem of the data: fast, but no second copy of the bytes',
  ],
  ['--keep-removed', 'keep blobs in DIR that the registry does not hold any more'],
  outputHelp,
])}

Exits with 1 when blobs are damaged or missing in the registry; the rest is backed up all the same.

Example:
  berth backup /mnt/backup/berth --data /var/lib/berth
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: {
        ...storeFlags,
        ...outputFlag,
        'no-verify': { type: 'boolean', default: false },
        link: { type: 'boolean', default: false },
        'keep-removed': { type: 'boolean', default: false },
      },
      takes: ['DIR'],
    })
    const data = await embeddedDataOf(values)
    const started = performance.now()
    const bar = showProgress({ label: 'Copying blobs', unit: 'bytes' })
    const done = await backUp({
      data,
      directory: positionals[0] ?? '',
      verify: !values['no-verify'],
      link: values.link,
      keepRemoved: values['keep-removed'],
      now: Date.now,
      progress: (state) => bar.update(state),
    }).finally(() => bar.end())
    const duration = Math.round(performance.now() - started)
    printResult(values, json(done, duration), () => text(done, duration))
    return done.damaged.length > 0 ? 1 : 0
  },
}

function json({ damaged, ...done }: BackedUp, duration: number) {
  return { ...done, damaged: damagedJson(damaged), durationMs: duration }
}

function text(done: BackedUp, duration: number): string {
  const { copied, present, removed, damaged } = done
  const lines = [
    `${done.directory} holds the registry as of now, after ${durationText(duration)}.`,
    `Copied:   ${countText(copied.count, 'blob')}, ${sizeText(copied.bytes)}, and ${sizeText(done.metadataBytes)} of metadata`,
    `There:    ${countText(present.count, 'blob')}, ${sizeText(present.bytes)}, from earlier backups`,
    `Removed:  ${countText(removed.count, 'blob')}, ${sizeText(removed.bytes)}, that the registry does not hold any more`,
    ...damagedText(
      damaged,
      'the registry: no backup holds them; `berth verify` tells more, and a push of them heals them',
    ),
  ]
  return `${lines.join('\n')}\n`
}
