import { parseArgs } from 'node:util'
import { type KillReport, kill, killedCommands } from './kill.ts'
import { seedOf } from './load/random.ts'
import { race } from './race.ts'

const usage = `The long forms of the durability harnesses. Each prints its seed and counts, and ends with 1 when it found something.

Usage: bun run test/durability/run.ts HARNESS [FLAGS]

Harnesses:
  kill   kills servers and commands at random instants, and looks after each kill
  race   the collector without pause beside clients that share layers

Flags:
  --kills N      kill: how often [2000]
  --minutes N    race: how long [5]
  --grace N,...  race: gc.grace in milliseconds, one run for each [1000,2000,5000]
  --trash N      race: trash.retention in milliseconds [0]
  --clients N    how many clients work at once [8]
  --seed N       makes the same choices again [a new one]

BERTH_BIN names the executable; settings in the environment (BERTH_…) reach it.
`

const flags = {
  kills: { type: 'string', default: '2000' },
  minutes: { type: 'string', default: '5' },
  grace: { type: 'string', default: '1000,2000,5000' },
  trash: { type: 'string', default: '0' },
  clients: { type: 'string', default: '8' },
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
        })
      return found === 0 ? 0 : 1
    }
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
}): Promise<number> {
  console.log(`race with a grace of ${options.grace} ms`)
  const begun = performance.now()
  const report = await race({ ...options, removals: 1000 })
  const share = report.tally.acknowledgedShare
  console.log(`acknowledged ${(share * 100).toFixed(2)} % of the pushes`)
  const few = options.grace >= 5000 && share < 0.99 ? ['fewer than 99 % of the pushes were acknowledged'] : []
  return tell({ ...report, failures: [...report.failures, ...few] }, begun)
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
