import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Contender } from './contender.ts'
import { installed, NotInstalled } from './installed.ts'
import { accessLogLines } from './lines/access-log.ts'
import type { LineContext } from './lines/line.ts'
import { peerLines } from './lines/peers.ts'
import { createBigFile } from './load/big-file.ts'
import { type MeasuredTable, measureTable, type Table } from './measure.ts'
import { type Options, parseOptions, UsageError, usage } from './options.ts'
import { describeMachine } from './report/machine.ts'
import { textTable } from './report/text.ts'
import { berth, chooseBerth } from './servers/berth.ts'
import { distribution2, distribution3 } from './servers/distribution.ts'
import type { Product } from './servers/product.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), new Date())
  if (!options) {
    console.log(usage)
    return 0
  }
  installed('wrk', 'apt-get install wrk')
  installed('curl', 'apt-get install curl')
  const executable = options.berth ?? (await chooseBerth())
  const begun = performance.now()
  const peers = options.peers ? [await distribution3(), await distribution2()] : []
  // The file, one blob of it on each server, and what Berth keeps of its pushes.
  const files = 2 + peers.length + 2 * options.scale.rounds + 1
  const workspace = await openWorkspace(options.directory, files * options.scale.bigFile + 3 * 1024 ** 3)
  try {
    progress(`Berth is ${executable}; data in ${workspace.path}`)
    if (!workspace.onDisk)
      progress('This is memory, not a disk: pushes cost less here than they do. See --dir.')
    const tables = tablesOf({ executable, peers, options, workspace })
    if (tables.length === 0) throw new UsageError(`no line matches --only ${options.only.source}`)
    const measured: MeasuredTable[] = []
    for (const table of tables) {
      measured.push(await measureTable(table, { directory: workspace.path, progress }))
    }
    for (const table of measured) console.log(`\n${textTable(table)}`)
    const seconds = Math.round((performance.now() - begun) / 1_000)
    console.log(
      `\nRatios are Berth's advantage: of rates Berth / baseline, of times and memory baseline / Berth.`,
    )
    console.log(`Berth was ${executable}. It took ${seconds} s. All figures are in ${options.json}`)
    await writeResults(options, { executable, seconds, tables: measured })
    return measured.every((table) => table.failures.length === 0) ? 0 : 1
  } finally {
    progress('removing the data')
    await workspace.remove()
  }
}

interface Ingredients {
  readonly executable: string
  readonly peers: readonly Product[]
  readonly options: Options
  readonly workspace: Workspace
}

function tablesOf({ executable, peers, options, workspace }: Ingredients): Table[] {
  const place = { directory: workspace.path, seeds: new Map<string, Promise<void>>() }
  const variant = (key: string, name: string, logLevel: 'error' | 'info') =>
    new Contender(berth({ key, name, executable, logLevel }), place)
  let file: ReturnType<typeof createBigFile> | undefined
  const context: LineContext = {
    scale: options.scale,
    bigFile: () => {
      file ??= createBigFile(join(workspace.path, 'big-file'), options.scale.bigFile)
      return file
    },
  }
  const tables: Table[] = [
    {
      title: options.peers ? 'Berth and its peers; ratios to distribution 3.1.1' : 'Berth',
      contenders: [variant('berth', 'Berth', 'error'), ...peers.map((peer) => new Contender(peer, place))],
      subject: 'berth',
      baseline: options.peers ? 'distribution3' : undefined,
      rounds: options.scale.rounds,
      lines: peerLines(context),
    },
    {
      title: 'Berth with its access log in a file; ratios to Berth without',
      contenders: [variant('logged', 'with log', 'info'), variant('unlogged', 'without', 'error')],
      subject: 'logged',
      baseline: 'unlogged',
      // Twice the turns: there is less between these two than between one run and the next.
      rounds: 2 * options.scale.rounds,
      lines: accessLogLines(context, { logged: 'logged' }),
    },
  ]
  return tables
    .map((table) => ({ ...table, lines: table.lines.filter((line) => options.only.test(line.name)) }))
    .filter((table) => table.lines.length > 0)
}

async function writeResults(
  { json, scale, quick }: Options,
  results: { executable: string; seconds: number; tables: readonly MeasuredTable[] },
): Promise<void> {
  await mkdir(dirname(json), { recursive: true })
  const document = {
    finished: new Date().toISOString(),
    machine: describeMachine(),
    quick,
    scale,
    ...results,
  }
  await Bun.write(json, `${JSON.stringify(document, undefined, 2)}\n`)
}

function progress(message: string): void {
  console.error(message)
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const expected = error instanceof UsageError || error instanceof NotInstalled
    console.error(expected ? `bench: ${error.message}` : error)
    if (error instanceof UsageError) console.error(usage)
    process.exit(error instanceof UsageError ? 2 : 1)
  },
)
