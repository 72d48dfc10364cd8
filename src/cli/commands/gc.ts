import { type PreviewItem, type PreviewSummary, previewCollection } from '../../jobs/collection-preview.ts'
import { type Collected, type CollectorRules, collectGarbage } from '../../jobs/collector.ts'
import { recordCollection } from '../../jobs/recorded-runs.ts'
import { isReadOnly } from '../../registry/read-only.ts'
import { rulesOnRecord } from '../../registry/recorded-rules.ts'
import type { Rules } from '../../registry/registry.ts'
import { openExistingStores } from '../../stores.ts'
import { type Command, CommandError } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { columns } from '../output/columns.ts'
import { showProgress } from '../output/progress.ts'
import { isJson, outputFlag, outputHelp, printResult } from '../output/result.ts'
import { countText, durationText, sizeText } from '../output/units.ts'
import { settingsOf, storeFlags, storeHelp } from '../settings.ts'

const options = { ...storeFlags, ...outputFlag, 'dry-run': { type: 'boolean' } } as const

export const gc: Command = {
  name: 'gc',
  summary: 'remove what nothing refers to any more, now',
  help: () => `Runs the collector now. A server may run beside it, with pushes and pulls: nothing is locked. A running
server collects by itself (gc.interval); this is for who does not want to wait. It goes by the rules of the server that
ran last on the registry: gc.grace, gc.untagged, gc.keep-objects, trash.retention.

Usage: berth gc [FLAGS]

Flags:
${columns([
  ['--dry-run', 'list what would go and how many bytes, and change nothing'],
  ...storeHelp,
  outputHelp,
])}

Examples:
  berth gc --dry-run
  berth gc --data /var/lib/berth
`,
  async run(args) {
    const { values } = parseCommandLine(args, { options })
    isJson(values)
    await using data = await openExistingStores(await settingsOf(values))
    const recorded = await rulesOnRecord<{ rules: Rules; collector: CollectorRules }>(data.metadata)
    if (!recorded) throw new CommandError('no server ever ran on this registry: there is nothing to collect')
    const { rules, collector } = recorded
    if (values['dry-run']) {
      const preview = await dryRun({ ...data, rules: collector }, isJson(values))
      printResult(values, preview, ({ summary }) => previewText(summary, collector))
      return 0
    }
    if (await isReadOnly({ metadata: data.metadata, rules })) {
      throw new CommandError('the registry is read-only: nothing is removed until it is writable again')
    }
    const started = performance.now()
    const progress = showProgress({ label: 'collecting', unit: 'items' })
    const collected = await collectGarbage({
      ...data,
      rules: collector,
      progress: ({ done, due }) => progress.update({ done, total: due }),
    })
    progress.end()
    const duration = performance.now() - started
    await recordCollection(data.metadata, { runner: 'command', duration, collected })
    printResult(values, collected, () => collectedText(collected, duration))
    return 0
  },
}

interface Found {
  readonly items: readonly PreviewItem[]
  readonly summary: PreviewSummary
}

/** A list for people is printed as it is found: it may be long. */
async function dryRun(
  job: Omit<Parameters<typeof previewCollection>[0], 'found'>,
  gather: boolean,
): Promise<Found> {
  const items: PreviewItem[] = []
  const found = (item: PreviewItem) => {
    if (gather) items.push(item)
    else process.stdout.write(`${itemText(item)}\n`)
  }
  return { summary: await previewCollection({ ...job, found }), items }
}

function itemText({ kind, repository, digest, bytes }: PreviewItem): string {
  const size = kind === 'link' && bytes > 0 ? `  ${sizeText(bytes)}` : ''
  return `${kind === 'link' ? 'blob    ' : 'manifest'}  ${repository}@${digest}${size}`
}

function previewText(summary: PreviewSummary, rules: CollectorRules): string {
  const { objects, bytes, doomedBytes } = summary
  const taken = takenText(summary)
  if (taken === '' && objects === 0) return 'Nothing would go.\n'
  const keep = durationText(rules.keepObjects)
  return `Would go: ${taken || 'nothing new'}.
Freed at once: ${sizeText(bytes)} in ${countText(objects, 'object')} that went before and were kept for ${keep} (gc.keep-objects).
Freed ${keep} later: ${sizeText(doomedBytes)}.
`
}

function collectedText(collected: Collected, duration: number): string {
  const { objects, bytes } = collected
  return `Took away: ${takenText(collected) || 'nothing'}.
Freed: ${sizeText(bytes)} in ${countText(objects, 'object')}. It took ${durationText(duration)}.
`
}

function takenText(taken: Pick<Collected, 'manifests' | 'links' | 'trash' | 'uploads'>): string {
  const counts: [number, string, string?][] = [
    [taken.manifests, 'manifest'],
    [taken.links, 'blob of a repository', 'blobs of repositories'],
    [taken.trash, 'deletion in the trash', 'deletions in the trash'],
    [taken.uploads, 'abandoned upload'],
  ]
  return counts
    .filter(([count]) => count > 0)
    .map((count) => countText(...count))
    .join(', ')
}
