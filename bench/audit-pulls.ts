/**
 * What the audit log costs a pull: one closed registry that records pulls of private repositories and one that records none,
 * driven by wrk in turns, each round the other one first. `bun run bench/audit-pulls.ts [ROUNDS]`
 */
import { readFile } from 'node:fs/promises'
import { basic, type ClosedRegistry, startClosedRegistry } from '../test/support/closed-registry.ts'
import { run } from '../test/support/command.ts'

const rounds = Number(process.argv[2] ?? 6)
const names = ['private', 'none'] as const
const registries = await Promise.all(
  names.map((pulls) => startClosedRegistry({ args: ['--log-level', 'error', '--audit-pulls', pulls] })),
)

interface Target {
  readonly what: string
  path(repository: string): Promise<string>
}

const manifest = async () => '/v2/alice/private/manifests/latest'
const targets: Target[] = [
  { what: 'manifest by tag', path: manifest },
  { what: 'blob', path: blobPath },
]
const tokens = await Promise.all(
  registries.map((closed) => closed.token(basic(closed.alice), 'repository:alice/private:pull')),
)

async function blobPath(url: string): Promise<string> {
  const at = names.findIndex((_, index) => registries[index]?.url === url)
  const headers = { Authorization: `Bearer ${tokens[at]}`, Accept: '*/*' }
  const answer = await fetch(`${url}/v2/alice/private/manifests/latest`, { headers })
  const { layers } = (await answer.json()) as { layers: readonly { digest: string }[] }
  return `/v2/alice/private/blobs/${layers[0]?.digest}`
}

for (const { what, path } of targets) {
  const measured: Driven[][] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const closed = registries[index]
      if (closed) measured[index]?.push(await drive(closed, await path(closed.url), tokens[index] ?? ''))
    }
  }
  for (const [unit, of] of [
    ['/s', ({ rate }: Driven) => rate],
    ['µs of processor time each', ({ processor }: Driven) => processor],
  ] as const) {
    const [recorded = [], unrecorded = []] = measured.map((all) => all.map(of))
    const ratios = recorded.map((each, index) => each / (unrecorded[index] ?? 1))
    console.log(
      `${what}: ${median(recorded).toFixed(1)} ${unit} recorded, ${median(unrecorded).toFixed(1)} not recorded; ratio within rounds ${median(ratios).toFixed(3)} (${ratios.map((each) => each.toFixed(2)).join(' ')})`,
    )
  }
}
const { events } = (await (
  await fetch(`${registries[0]?.url}/api/v1/audit?action=manifest:pull`, {
    headers: { Authorization: basic(registries[0]?.root ?? { name: '', password: '' }) },
  })
).json()) as { events: readonly { count: number }[] }
console.log(`recorded: ${events.length} rows for ${events.reduce((sum, { count }) => sum + count, 0)} pulls`)
for (const closed of registries) await closed[Symbol.asyncDispose]()

interface Driven {
  /** Requests a second. */
  readonly rate: number
  /** Microseconds of the server's processor time for each: it moves less than the rate on a machine that others use. */
  readonly processor: number
}

async function drive({ berth, url }: ClosedRegistry, path: string, token: string): Promise<Driven> {
  const before = await processorTime(berth.process.pid)
  const printed = await run('wrk', [
    '-t1',
    '-c32',
    '-d2s',
    '-H',
    `Authorization: Bearer ${token}`,
    url + path,
  ])
  if (/Non-2xx/.test(printed)) throw new Error(printed)
  const spent = (await processorTime(berth.process.pid)) - before
  const requests = Number(/(\d+) requests in/.exec(printed)?.[1])
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(printed)?.[1]), processor: (spent / requests) * 1e6 }
}

/** Seconds that a process has computed since it started. */
async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number)
  return ((user ?? 0) + (system ?? 0)) / 100
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
