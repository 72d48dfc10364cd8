/**
 * What the audit log costs a pull: one closed registry that records pulls of private repositories and one that records none,
 * driven by wrk in turns, each round the other one first. `bun run bench/audit-pulls.ts [ROUNDS]`
 */
import { basic, startClosedRegistry } from '../test/support/closed-registry.ts'
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
  const ratios: number[] = []
  const rates: number[][] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0]
    const measured = [0, 0]
    for (const index of order) {
      const closed = registries[index]
      if (!closed) continue
      measured[index] = await drive(closed.url + (await path(closed.url)), tokens[index] ?? '')
      rates[index]?.push(measured[index])
    }
    ratios.push((measured[0] ?? 0) / (measured[1] ?? 1))
  }
  const [recorded, unrecorded] = rates.map(median)
  console.log(
    `${what}: ${Math.round(recorded ?? 0)} /s recorded, ${Math.round(unrecorded ?? 0)} /s not recorded; ratio within rounds ${median(ratios).toFixed(3)} (${ratios.map((each) => each.toFixed(2)).join(' ')})`,
  )
}
const { events } = (await (
  await fetch(`${registries[0]?.url}/api/v1/audit?action=manifest:pull`, {
    headers: { Authorization: basic(registries[0]?.root ?? { name: '', password: '' }) },
  })
).json()) as { events: readonly { count: number }[] }
console.log(`recorded: ${events.length} rows for ${events.reduce((sum, { count }) => sum + count, 0)} pulls`)
for (const closed of registries) await closed[Symbol.asyncDispose]()

/** @returns requests a second */
async function drive(url: string, token: string): Promise<number> {
  const printed = await run('wrk', ['-t1', '-c32', '-d2s', '-H', `Authorization: Bearer ${token}`, url])
  if (/Non-2xx/.test(printed)) throw new Error(printed)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(printed)?.[1])
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
