import { parseSetting } from '../../config/load.ts'
import { applyRetention } from '../../jobs/retention.ts'
import { type RetentionRules, recordRetentionRun } from '../../jobs/retention-schedule.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import { requireWritable } from '../../registry/read-only.ts'
import { rulesOnRecord } from '../../registry/recorded-rules.ts'
import { immutableIn, type Rules } from '../../registry/registry.ts'
import type { RetentionView } from '../../registry/retention/walk.ts'
import { openExistingStores } from '../../stores.ts'
import { type Command, CommandError, UsageError } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { columns } from '../output/columns.ts'
import { showProgress } from '../output/progress.ts'
import { isJson, outputFlag, outputHelp, printResult } from '../output/result.ts'
import { countText, durationText } from '../output/units.ts'
import { settingsOf, storeFlags, storeHelp } from '../settings.ts'
import { explain } from './retention/explain.ts'

const options = {
  ...storeFlags,
  ...outputFlag,
  repository: { type: 'string' },
  rules: { type: 'string', multiple: true },
  'dry-run': { type: 'boolean' },
} as const

export const retention: Command = {
  name: 'retention',
  summary: 'remove the tags that no retention rule keeps, or show which these are',
  help: () => `Applies the retention rules now, as the server does by itself every retention.interval: tags that the rule for
their repository does not keep are removed, and manifests with their last tag. With --dry-run nothing is
changed, and each tag is listed with what keeps or removes it. The server may run meanwhile.

Usage: berth retention [FLAGS]

Flags:
${columns([
  ['--dry-run', 'only show what would be removed, and why'],
  ['--repository', 'look at this repository alone: a name'],
  ['--rules', 'with --dry-run: rules to try instead of those in force'],
  ...storeHelp,
  outputHelp,
])}

The rules are the setting retention.rules of the server. The first one whose pattern matches a repository is
the one that applies to it; a repository that none matches keeps every tag, and so do immutable tags
(setting tags.immutable). A rule is a pattern of repositories and what to keep of their tags; a tag stays if
any of these keeps it:
${columns([
  ['newest=10', 'the 10 tags that were set last'],
  ['pushed=30d', 'tags that were set within 30 days'],
  ['pulled=90d', 'tags that were pulled, or set, within 90 days'],
  ['tags=v*|stable', 'tags that match a pattern'],
  ['at-least=3', 'never fewer than 3: where the others keep fewer, the newest of the rest'],
])}

Examples:
  berth retention --dry-run --repository team/app
  berth retention --dry-run --rules 'team/** newest=10 pulled=90d, ** pushed=365d'
  berth retention
`,
  async run(args) {
    const { values } = parseCommandLine(args, { options })
    const tried = values.rules && parseSetting('retention.rules', values.rules.join(','), '--rules')
    if (tried && !values['dry-run'])
      throw new UsageError('--rules only shows what rules would do: give it together with --dry-run')
    const repository = values.repository === undefined ? undefined : parseRepositoryName(values.repository)
    const json = isJson(values)
    await using data = await openExistingStores(await settingsOf(values))
    const { metadata } = data
    const { rules, retention } = await recordedRules(metadata)
    if (repository) await requireRepository(metadata, repository)
    const view: RetentionView = {
      metadata,
      rules: tried ?? retention.rules,
      immutableIn: (name) => immutableIn(rules, name),
      repository,
    }
    if (values['dry-run']) await explain(view, { json })
    else await apply(view, { metadata, rules, values })
    return 0
  },
}

interface Recorded {
  readonly rules: Rules
  readonly retention: RetentionRules
}

async function recordedRules(metadata: MetadataStore): Promise<Recorded> {
  const recorded = await rulesOnRecord<{ rules: Rules; retention?: RetentionRules }>(metadata)
  if (!recorded) {
    throw new CommandError(
      'no server has run on this data directory yet, so that nobody knows its rules: start it once with berth serve',
    )
  }
  return { rules: recorded.rules, retention: recorded.retention ?? { rules: [], interval: 0 } }
}

async function requireRepository(metadata: MetadataStore, repository: RepositoryName): Promise<void> {
  if (await metadata.repositoryExists(repository)) return
  throw new CommandError(`there is no repository ${repository}`)
}

async function apply(
  view: RetentionView,
  {
    metadata,
    rules,
    values,
  }: { metadata: MetadataStore; rules: Rules; values: { output?: string | undefined } },
): Promise<void> {
  await requireWritable({ metadata, rules })
  const progress = showProgress({ label: 'applying retention rules', unit: 'items' })
  const report = await applyRetention({
    ...view,
    metadata,
    newTrashId: () => (rules.trashRetention > 0 ? Bun.randomUUIDv7() : null),
    progress: ({ kept, removed }) => progress.update({ done: kept + removed }),
  }).finally(() => progress.end())
  if (!view.repository && view.rules.length > 0) {
    const texts = view.rules.map(({ text }) => text)
    await recordRetentionRun(metadata, { at: await metadata.clock(), rules: texts, report })
  }
  printResult(values, report, ({ kept, removed, manifests, repositories }) => {
    if (view.rules.length === 0) return 'No retention rules are in force: every tag stays.\n'
    const gone = `Removed ${countText(removed, 'tag')}, and ${countText(manifests, 'manifest')} with the last tag; ${countText(kept, 'tag')} stayed, in ${countText(repositories, 'repository', 'repositories')} with a rule.\n`
    if (removed === 0 || rules.trashRetention === 0) return gone
    return `${gone}They can be taken back for ${durationText(rules.trashRetention)}: berth trash list\n`
  })
}
