import { parseArgs } from 'node:util'
import { startOwnPostgres } from '../support/own-postgres.ts'
import { s3Process } from '../support/s3.ts'
import { type KillReport, kill, killedCommands } from './kill.ts'
import { seedOf } from './load/random.ts'
import { type RaceOptions, race } from './race.ts'
import { replicaKilled, replicaReplaced, serviceCrashed } from './replicas/breakdowns.ts'
import { killFleet } from './replicas/kill.ts'
import { type Blobs, sharedStores } from './replicas/shared-stores.ts'

const usage = `The long forms of the durability harnesses. Each prints its seed and counts, and ends with 1 when it found something.

Usage: bun run test/durability/run.ts HARNESS [FLAGS]

Harnesses:
  kill   kills servers and commands at random instants, and looks after each kill
  race   the collector without pause beside clients that share layers
  replicas   kills servers, PostgreSQL and the S3 server under clients of several servers

Flags:
  --kills N      kill: how often [2000]
  --minutes N    race: how long [5]
  --grace N,...  race: gc.grace in milliseconds, one run for each [1000,2000,5000]
  --trash N      race: trash.retention in milliseconds [0]
  --clients N    how many clients work at once [8]
  --blobs WHERE  race and replicas: directory, or bucket (needs BERTH_TEST_S3) [one server alone; replicas: bucket]
  --servers N    race with --blobs, and replicas: how many servers answer in turn [2]
  --times N      replicas: how often something is killed [200]
  --seed N       makes the same choices again [a new one]

BERTH_BIN names the executable; settings in the environment (BERTH_…) reach it.
`

const flags = {
  kills: { type: 'string', default: '2000' },
  minutes: { type: 'string', default: '5' },
  grace: { type: 'string', default: '1000,2000,5000' },
  trash: { type: 'string', default: '0' },
  clients: { type: 'string', default: '8' },
  blobs: { type: 'string' },
  servers: { type: 'string', default: '2' },
  times: { type: 'string', default: '200' },
  seed: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: flags, allowPositionals: true })
  const [harness] = positionals
  if (values.help) {
    console.log(usage)
    return 0
  }
  const seed = seedOf(values.seed)
  const clients = numberOf(values.clients)
  console.log(`seed ${seed}`)
  switch (harness) {
    case 'kill':
      return runKill({ seed, clients, kills: numberOf(values.kills) })
    case 'race': {
      let found = 0
      for (const grace of values.grace.split(',').map(numberOf))
        found += await runRace({
          seed,
          clients,
          grace,
          trash: Number(values.trash),
          seconds: numberOf(values.minutes) * 60,
          ...(values.blobs !== undefined && {
            blobs: blobsOf(values.blobs),
            servers: numberOf(values.servers),
          }),
        })
      return found === 0 ? 0 : 1
    }
    case 'replicas':
      return runReplicas({
        seed,
        clients,
        blobs: blobsOf(values.blobs ?? 'bucket'),
        servers: numberOf(values.servers),
        times: numberOf(values.times),
      })
    default:
      console.error(usage)
      return 2
  }
}

async function runKill(options: { seed: number; clients: number; kills: number }): Promise<number> {
  const begun = performance.now()
  let told = 0
  const progress = (report: KillReport) => {
    told += 1
    if (told % 50 === 0) console.log(`${told} of ${options.kills}: ${report.tally.pushes} pushes`)
  }
  const report = await kill({ ...options, commands: killedCommands, progress })
  return tell(report, begun)
}

async function runRace(options: {
  seed: number
  clients: number
  grace: number
  trash: number
  seconds: number
  blobs?: Blobs
  servers?: number
}): Promise<number> {
  console.log(`race with a grace of ${options.grace} ms`)
  const begun = performance.now()
  const report = await raceOn({ ...options, removals: 1000 })
  const share = report.tally.acknowledgedShare
  console.log(`acknowledged ${(share * 100).toFixed(2)} % of the pushes`)
  const few = options.grace >= 5000 && share < 0.99 ? ['fewer than 99 % of the pushes were acknowledged'] : []
  return tell({ ...report, failures: [...report.failures, ...few] }, begun)
}

async function raceOn({ blobs, ...options }: RaceOptions & { blobs?: Blobs }) {
  if (blobs === undefined) return race(options)
  await using stores = await sharedStores(blobs)
  const env = { ...stores.env, BERTH_DATA: stores.data }
  return await race({ ...options, env, stored: () => stores.stored })
}

async function runReplicas(options: {
  seed: number
  clients: number
  blobs: Blobs
  servers: number
  times: number
}): Promise<number> {
  const begun = performance.now()
  const postgres = await startOwnPostgres()
  try {
    await using stores = await sharedStores(options.blobs, postgres.url)
    let told = 0
    const report = await killFleet({
      ...options,
      stores,
      breakdowns: [
        replicaKilled,
        replicaReplaced,
        serviceCrashed('PostgreSQL killed', postgres),
        ...(options.blobs === 'bucket' ? [serviceCrashed('S3 killed', s3Process)] : []),
      ],
      progress(sofar) {
        told += 1
        if (told % 10 === 0) console.log(`${told} of ${options.times}: ${sofar.tally.pushes} pushes`)
      },
    })
    return tell(report, begun)
  } finally {
    await postgres.stop()
  }
}

function blobsOf(text: string): Blobs {
  if (text === 'directory' || text === 'bucket') return text
  throw new Error(`blobs lie in a directory or a bucket, not in a ${text}`)
}

function tell(report: { readonly failures: readonly string[] }, begun: number): number {
  const { failures, ...counts } = report
  console.log(JSON.stringify(counts, null, 2))
  for (const failure of failures) console.error(failure)
  const seconds = Math.round((performance.now() - begun) / 1000)
  console.log(
    `${failures.length === 0 ? 'nothing wrong' : `${failures.length} things wrong`} in ${seconds} s`,
  )
  return failures.length === 0 ? 0 : 1
}

function numberOf(text: string): number {
  const number = Number(text)
  if (!Number.isFinite(number) || number <= 0) throw new Error(`not a number above 0: ${text}`)
  return number
}

process.exit(await main())
