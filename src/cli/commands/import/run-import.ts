import type { Settings } from '../../../config/settings.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { RegistryError } from '../../../oci/errors.ts'
import { Findings } from '../../../registry/imports/findings.ts'
import { importAll } from '../../../registry/imports/import.ts'
import type { Means } from '../../../registry/imports/job.ts'
import type { ImportSource, SourceNotes } from '../../../registry/imports/source.ts'
import { type SurveyedRepository, survey } from '../../../registry/imports/survey.ts'
import { rulesOnRecord } from '../../../registry/recorded-rules.ts'
import type { Rules } from '../../../registry/registry.ts'
import { UnfinishedHashes } from '../../../registry/uploads/hashes.ts'
import { rulesOf } from '../../../rules.ts'
import { hasStores, openExistingStores, openOrMakeStores } from '../../../stores.ts'
import { CommandError, type ExitCode, UsageError } from '../../command.ts'
import { type Progress, showProgress } from '../../output/progress.ts'
import { isJson, outputFlag, outputHelp, printResult } from '../../output/result.ts'
import { settingsOf, storeFlags, storeHelp } from '../../settings.ts'
import { type ImportResult, importText, type PlanResult, planText } from './result-text.ts'

export const importFlags = {
  ...storeFlags,
  ...outputFlag,
  link: { type: 'boolean' },
  copy: { type: 'boolean' },
  overwrite: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
} as const

export const importFlagsHelp: readonly [string, string][] = [
  ['--dry-run', 'list what would come, and how many bytes; changes nothing'],
  ['--link', 'never copy a blob: give its file a second name; what can’t be linked is skipped'],
  ['--copy', 'copy every blob [link where it is possible, else copy]'],
  ['--overwrite', 'also move tags that somebody else moved or deleted here since the last import'],
  ...storeHelp,
  outputHelp,
]

export interface ImportOptions {
  readonly values: {
    readonly data?: string | undefined
    readonly config?: string | undefined
    readonly output?: string | undefined
    readonly link?: boolean | undefined
    readonly copy?: boolean | undefined
    readonly overwrite?: boolean | undefined
    readonly 'dry-run'?: boolean | undefined
  }
  open(notes: SourceNotes): Promise<ImportSource>
  wanted(name: string): boolean
}

/** Imports from a source, or tells what an import would do. */
export async function runImport(options: ImportOptions): Promise<ExitCode> {
  const { values } = options
  const means = meansOf(values)
  isJson(values)
  return values['dry-run'] ? plan(options) : bring(options, means)
}

async function bring({ values, open, wanted }: ImportOptions, means: Means): Promise<ExitCode> {
  const findings = new Findings(wanted)
  const source = await open(findings)
  const settings = await settingsOf(values)
  await using data = await openOrMakeStores(settings)
  const rules = await rulesFor(settings, data.metadata)
  const target = { metadata: data.metadata, missing: rules.missing }
  const total = process.stderr.isTTY
    ? await bytesToRead({ source: await open(new Findings()), wanted, ...target })
    : 0
  const progress = showProgress({ label: 'importing', unit: 'bytes' })
  let done = 0
  const started = performance.now()
  try {
    const tally = await importAll({
      registry: {
        metadata: data.metadata,
        blobs: data.blobs,
        rules,
        hashes: new UnfinishedHashes(),
        now: () => Date.now(),
        newId: () => crypto.randomUUID(),
        newTrashId: () => Bun.randomUUIDv7(),
        pulled: () => undefined,
      },
      source,
      means,
      overwrite: values.overwrite ?? false,
      findings,
      wanted,
      progress(bytes) {
        done += bytes
        progress.update({ done, total })
      },
    })
    progress.end()
    const result: ImportResult = { ...tally, ...findings, duration: Math.round(performance.now() - started) }
    printResult(values, result, importText)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    const rest = 'what has come so far stays, and another run goes on from there'
    throw new CommandError(`the import ended early: ${error.message}; ${rest}`, { cause: error })
  } finally {
    progress.end()
  }
  return findings.skippedCount > 0 ? 1 : 0
}

async function plan({ values, open, wanted }: ImportOptions): Promise<ExitCode> {
  const findings = new Findings(wanted)
  const source = await open(findings)
  const settings = await settingsOf(values)
  await using data = hasStores(settings) ? await openExistingStores(settings) : undefined
  const { missing } = await rulesFor(settings, data?.metadata)
  const progress = showProgress({ label: 'looking', unit: 'items' })
  const repositories: SurveyedRepository[] = []
  for await (const one of survey({ source, target: data, missing, findings, wanted })) {
    repositories.push(one)
    progress.update({ done: repositories.length })
  }
  progress.end()
  repositories.sort((a, b) => (a.repository < b.repository ? -1 : 1))
  const result: PlanResult = { repositories, ...findings }
  printResult(values, result, planText)
  return findings.skippedCount > 0 ? 1 : 0
}

interface Reading {
  readonly source: ImportSource
  readonly metadata: MetadataStore
  readonly missing: Rules['missing']
  wanted(name: string): boolean
}

/** For the bar alone: a second look at all manifests, which are few beside their blobs. */
async function bytesToRead({ source, metadata, missing, wanted }: Reading): Promise<number> {
  const progress: Progress = showProgress({ label: 'looking', unit: 'bytes' })
  let bytes = 0
  const job = { source, target: { metadata }, missing, findings: new Findings(), wanted }
  for await (const repository of survey(job)) {
    bytes += repository.bytes
    progress.update({ done: bytes })
  }
  progress.end()
  return bytes
}

/** What the server keeps to; where none ever ran, what one would keep to with these settings. */
async function rulesFor(settings: Settings, metadata: MetadataStore | undefined): Promise<Rules> {
  const recorded = metadata && (await rulesOnRecord<{ rules: Rules }>(metadata))
  return recorded?.rules ?? rulesOf(settings)
}

function meansOf({ link, copy }: ImportOptions['values']): Means {
  if (link && copy) throw new UsageError('--link and --copy exclude each other')
  if (link) return 'link'
  return copy ? 'copy' : 'either'
}
