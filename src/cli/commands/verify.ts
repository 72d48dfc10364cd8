import { duration, size } from '../../config/values.ts'
import { type Pace, paceOf, unhurried } from '../../jobs/pace.ts'
import type { Step, Verification } from '../../jobs/verify/verification.ts'
import { verify as verifyAll } from '../../jobs/verify/verify.ts'
import type { ListsContent } from '../../metadata/metadata-store.ts'
import { isRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import { rulesOnRecord } from '../../registry/recorded-rules.ts'
import type { Rules } from '../../registry/registry.ts'
import { openExistingStores } from '../../stores.ts'
import { type Command, CommandError, UsageError } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { columns } from '../output/columns.ts'
import { type Progress, showProgress } from '../output/progress.ts'
import { isJson, outputFlag, outputHelp, printResult } from '../output/result.ts'
import { settingsOf, storeFlags, storeHelp } from '../settings.ts'
import { verificationText } from './verify-text.ts'

export const verify: Command = {
  name: 'verify',
  summary: 'compare everything that is stored with its digest, and quarantine what is damaged',
  help: () => `Reads every stored blob and manifest and compares it with its digest and size, and looks for what lies in
the storage unknown to the registry. What namespaces hold is counted anew and compared with what quotas go by, and
put right. The server may run beside it, and may be stopped.

What is damaged or missing is put into quarantine: a pull of it fails with an error that says so, and the
next push of the same bytes heals it, in every repository that holds it. What was in quarantine and is
sound again (a disk came back) is released.

Exit code: 0 all is sound, 1 something is not, 2 wrong usage.

Usage: berth verify [FLAGS]

Flags:
${columns([
  ['--repository', 'look at what this repository holds, and at nothing else: a name'],
  ['--no-quarantine', 'only report: change nothing'],
  [
    '--remove-unknown',
    'have what no blob and no upload knows removed, once the server’s gc.keep-objects is over',
  ],
  ['--older-than', `with --remove-unknown: how long it must have lain there: ${duration.allowed} [24h]`],
  ['--rate', `bytes to read in a second at most: ${size.allowed} [as fast as the disk can]`],
  ...storeHelp,
  outputHelp,
])}

Examples:
  berth verify --data /var/lib/berth
  berth verify --repository team/app
  berth verify --rate 50MiB --output json
`,
  async run(args) {
    const { values } = parseCommandLine(args, { options: { ...storeFlags, ...outputFlag, ...flags } })
    isJson(values)
    const asked = {
      repository: repositoryOf(values.repository),
      quarantine: !values['no-quarantine'],
      removeUnknown: values['remove-unknown'] ? ageOf(values['older-than'] ?? '24h') : undefined,
      pace: paceFor(values.rate),
    }
    if (values['remove-unknown'] && values['no-quarantine'])
      throw new UsageError('--no-quarantine changes nothing, and --remove-unknown does: give one of them')
    if (values['remove-unknown'] && asked.repository !== undefined)
      throw new UsageError('--remove-unknown looks at the whole storage: it can’t go with --repository')
    await using data = await openExistingStores(await settingsOf(values))
    await requireRepository(data.metadata, asked.repository)
    const rules = await rulesOnRecord<{ rules: Rules }>(data.metadata)
    const started = performance.now()
    const bars = new Bars()
    const report = await verifyAll({
      ...asked,
      metadata: data.metadata,
      blobs: data.blobs,
      missing: rules?.rules.missing ?? 'index',
      progress: (step) => bars.show(step),
    }).finally(() => bars.end())
    const result = { ...report, duration: Math.round(performance.now() - started) }
    printResult(values, result, verificationText)
    return report.sound ? 0 : 1
  },
}

const flags = {
  repository: { type: 'string' },
  'no-quarantine': { type: 'boolean' },
  'remove-unknown': { type: 'boolean' },
  'older-than': { type: 'string' },
  rate: { type: 'string' },
} as const

function repositoryOf(name: string | undefined): RepositoryName | undefined {
  if (name === undefined || isRepositoryName(name)) return name
  throw new UsageError(`--repository is a repository’s name such as team/app, not ${JSON.stringify(name)}`)
}

function ageOf(text: string): number {
  const age = duration.parse(text)
  if (age !== undefined) return age
  throw new UsageError(`--older-than is ${duration.allowed}, not ${JSON.stringify(text)}`)
}

function paceFor(text: string | undefined): Pace {
  if (text === undefined) return unhurried
  const rate = size.parse(text)
  if (!rate)
    throw new UsageError(`--rate is ${size.allowed}, and more than nothing, not ${JSON.stringify(text)}`)
  return paceOf({ rate, now: () => performance.now(), sleep: Bun.sleep })
}

/** A name that is mistyped must not look sound. */
async function requireRepository(
  metadata: Verification['metadata'] & Pick<ListsContent, 'repositoryExists'>,
  repository: RepositoryName | undefined,
): Promise<void> {
  if (repository === undefined || (await metadata.repositoryExists(repository))) return
  if ((await metadata.listLinkedBlobs({ repository, limit: 1 })).length > 0) return
  throw new CommandError(`there is no repository ${repository} here`)
}

const labels = {
  blobs: { label: 'Reading blobs', unit: 'bytes' },
  manifests: { label: 'Reading manifests', unit: 'items' },
  storage: { label: 'Looking up what lies in the storage', unit: 'items' },
} as const satisfies Record<Step['of'], object>

/** One bar after the other, as the steps come. */
class Bars {
  #of: Step['of'] | undefined
  #bar: Progress | undefined

  show({ of, ...state }: Step): void {
    if (of !== this.#of) {
      this.end()
      this.#of = of
      this.#bar = showProgress(labels[of])
    }
    this.#bar?.update(state)
  }

  end(): void {
    this.#bar?.end()
  }
}
