import { loadSettings } from '../../config/load.ts'
import { environmentName, type SettingName, type Settings } from '../../config/settings.ts'
import { storageUrl } from '../../config/storage-url.ts'
import { RegistryError } from '../../oci/errors.ts'
import { migrateRegistry } from '../../recovery/migration/migrate.ts'
import { switchReadOnly } from '../../registry/read-only.ts'
import { type Command, CommandError, UsageError } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { columns } from '../output/columns.ts'
import { type Progress, showProgress } from '../output/progress.ts'
import { outputFlag, outputHelp, printResult } from '../output/result.ts'
import { settingSources, settingsOf, storeFlags, storeHelp } from '../settings.ts'
import { type Asked, migratedJson, migratedText } from './migrate-text.ts'

export const migrate: Command = {
  name: 'migrate',
  summary: 'move the registry to PostgreSQL and S3, while it serves',
  help: () => `Moves a registry out of its data directory: the metadata to PostgreSQL, the blobs to an S3-compatible bucket, or
one of them. The server runs meanwhile. First the blobs are copied, while pushes and pulls go on; then the
registry is made read-only, the metadata and what is left are copied, and all is compared. Pulls go on all
the time. At the end the settings to start the new servers with are printed; the registry here stays
read-only, and as it was.

Interrupted at any point, the same command goes on where it was. To go back: \`berth read-only off\`.

Usage: berth migrate [--to-metadata URL] [--to-storage URL] [FLAGS]

Flags:
${columns([
  [
    '--to-metadata',
    'an empty PostgreSQL database: postgres://berth@db.example.com/berth?sslmode=verify-full; the password in PGPASSWORD, or in the file that BERTH_METADATA_PASSWORD_FILE names',
  ],
  [
    '--to-storage',
    'an empty bucket, or an empty prefix in one: s3://bucket/prefix?endpoint=https://s3.example.com; also region, path-style, encryption and part-size; credentials as AWS’s tools find them (AWS_ACCESS_KEY_ID and so on)',
  ],
  ['--dry-run', 'see that the targets can be reached and are empty, and tell what there is to move'],
  ['--verify', 'size: every blob is there in its size; all: every blob is read again there [size]'],
  ['--parallel', 'blobs that are copied at once [16]'],
  ...storeHelp,
  outputHelp,
])}

Exits with 1 when blobs are damaged or missing in the registry; the rest is moved all the same.

Example:
  PGPASSWORD=… berth migrate --data /var/lib/berth \\
    --to-metadata 'postgres://berth@db.example.com/berth?sslmode=verify-full' \\
    --to-storage 's3://team-registry/berth?region=eu-central-1'
`,
  async run(args) {
    const { values } = parseCommandLine(args, {
      options: {
        ...storeFlags,
        ...outputFlag,
        'to-metadata': { type: 'string' },
        'to-storage': { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        verify: { type: 'string', default: 'size' },
        parallel: { type: 'string', default: '16' },
      },
    })
    const asked = askedOf(values)
    const verifyAll = verificationOf(values.verify)
    const width = widthOf(values.parallel)
    const { data } = await sourceOf(values)
    const settings = loadSettings(await settingSources({ data, ...asked.settings }, values.config))
    const bars = progressBars()
    const restoreSignal = tellWhenInterrupted(data)
    try {
      const migrated = await migrateRegistry({
        data,
        ...(await targets(settings)),
        width,
        verifyAll,
        dryRun: values['dry-run'],
        now: Date.now,
        async goReadOnly(metadata) {
          const registry = { metadata, rules: { readOnly: false }, now: Date.now }
          await switchReadOnly(registry, { readOnly: true, caller: 'cli:migrate' })
        },
        progress: bars.update,
      }).finally(bars.end)
      printResult(values, migratedJson(migrated, asked), () => migratedText(migrated, asked))
      return (migrated.done?.damaged.length ?? 0) > 0 ? 1 : 0
    } catch (error) {
      throw told(error)
    } finally {
      restoreSignal()
    }
  },
}

/** The registry as it is served now. @throws CommandError unless it keeps everything in its data directory */
async function sourceOf(values: Parameters<typeof settingsOf>[0]): Promise<Settings> {
  const settings = await settingsOf(values)
  const elsewhere = (['metadata.url', 'storage.s3.bucket'] as const).find((name) => settings[name] !== null)
  if (elsewhere === undefined) return settings
  throw new CommandError(
    `the setting ${elsewhere} (${environmentName(elsewhere)}) says that the registry is elsewhere already, and this command moves what lies in a data directory: leave it out here, and name the target with ${elsewhere === 'metadata.url' ? '--to-metadata' : '--to-storage'}`,
  )
}

function askedOf(values: { 'to-metadata'?: string | undefined; 'to-storage'?: string | undefined }): Asked {
  const { 'to-metadata': metadata, 'to-storage': storage } = values
  if (!metadata && !storage) throw new UsageError('--to-metadata or --to-storage is missing')
  const settings: Partial<Record<SettingName, string>> = {
    ...(metadata && { 'metadata.url': metadata }),
    ...(storage && storageUrl(storage, '--to-storage')),
  }
  return { metadata: !!metadata, storage: !!storage, settings }
}

function verificationOf(text: string): boolean {
  if (text === 'size' || text === 'all') return text === 'all'
  throw new UsageError(`--verify is size or all, not ${JSON.stringify(text)}`)
}

function widthOf(text: string): number {
  const width = Number(text)
  if (/^\d{1,3}$/.test(text) && width >= 1 && width <= 256) return width
  throw new UsageError(`--parallel is a number from 1 to 256, not ${JSON.stringify(text)}`)
}

/** One bar after the other, as the phases come; copies and rows that go at once share the later one. */
function progressBars() {
  const labels = { blobs: 'Copying blobs', metadata: 'Copying metadata' } as const
  let shown: { phase: keyof typeof labels; bar: Progress } | undefined
  return {
    update(phase: keyof typeof labels, state: { done: number; total: number }) {
      if (shown?.phase === 'metadata' && phase === 'blobs') return
      if (shown?.phase !== phase) {
        shown?.bar.end()
        const unit = phase === 'blobs' ? 'bytes' : 'items'
        shown = { phase, bar: showProgress({ label: labels[phase], unit }) }
      }
      shown.bar.update(state)
    },
    end: () => shown?.bar.end(),
  }
}

/** Whoever interrupts it hears how things stand: nothing needs to be undone. */
function tellWhenInterrupted(data: string): () => void {
  const interrupted = () => {
    process.stderr.write(
      `\nberth: interrupted; the same command goes on from here. If the registry is read-only by now (\`berth read-only status --data ${data}\`), \`berth read-only off --data ${data}\` lets it take pushes again\n`,
    )
    process.exit(1)
  }
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  return () => {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
  }
}

/** What the storage itself says helps whoever set it up; clients are told less. */
function told(error: unknown): unknown {
  if (!(error instanceof RegistryError) || !(error.cause instanceof Error)) return error
  const { message, cause } = error
  const reason = cause.name === 'S3Error' ? `the bucket can not be used: ${cause.message}` : message
  return new CommandError(`${reason}; the same command goes on from here`, { cause })
}

/** Loaded when it is asked for: it speaks to databases and buckets, as no other command here must. */
async function targets(settings: Settings) {
  const { targetsOf } = await import('../../migration-targets.ts')
  return targetsOf(settings)
}
