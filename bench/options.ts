import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** How long, how often and how big: everything that `--quick` changes. */
export interface Scale {
  /** How many times every server has its turn on every line. */
  readonly rounds: number
  /** Seconds of load per turn. */
  readonly wrkSeconds: number
  readonly imageSeconds: number
  /** Seconds of load before a server's first turn on a line, not counted. */
  readonly warmUpSeconds: number
  /** Tags, and repositories, in the big listings. */
  readonly bigListing: number
  /** Bytes of the big file. */
  readonly bigFile: number
}

export interface Options {
  readonly scale: Scale
  readonly quick: boolean
  readonly only: RegExp
  readonly json: string
  /** Where the servers keep their data while the benchmark runs. */
  readonly directory: string
  readonly berth: string | undefined
  readonly peers: boolean
}

export class UsageError extends Error {}

export const usage = `Usage: npm run bench -- [options]

  --quick            one short round with small sets: a smoke test, its figures mean little
  --only REGEX       only the lines whose name matches
  --rounds N         turns of every server on every line (default 3)
  --json FILE        where the figures go (default results/bench-<time>.json)
  --dir DIR          the disk to measure on (default ${tmpdir()})
  --berth PATH       the Berth to measure (default dist/berth if newer than src, else bin/berth)
  --big N            tags and repositories in the big listings (default 100000; 5000 with --quick)
  --without-peers    measure Berth alone
  --help`

const full: Scale = {
  rounds: 3,
  wrkSeconds: 5,
  imageSeconds: 6,
  warmUpSeconds: 1,
  bigListing: 100_000,
  bigFile: 1024 ** 3,
}

const quick: Scale = {
  rounds: 1,
  wrkSeconds: 1,
  imageSeconds: 1,
  warmUpSeconds: 0,
  bigListing: 5_000,
  bigFile: 256 * 1024 ** 2,
}

/** @returns undefined when help is asked for. @throws UsageError */
export function parseOptions(args: readonly string[], now: Date): Options | undefined {
  const values = parse(args)
  if (values.help) return undefined
  const scale = values.quick ? quick : full
  const stamp = now.toISOString().slice(0, 19).replaceAll(':', '-')
  return {
    scale: {
      ...scale,
      rounds: count('--rounds', values.rounds) ?? scale.rounds,
      bigListing: count('--big', values.big) ?? scale.bigListing,
    },
    quick: values.quick,
    only: pattern(values.only),
    json: resolve(values.json ?? join(import.meta.dir, `../results/bench-${stamp}.json`)),
    directory: resolve(values.dir ?? tmpdir()),
    berth: values.berth && resolve(values.berth),
    peers: !values['without-peers'],
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        rounds: { type: 'string' },
        json: { type: 'string' },
        dir: { type: 'string' },
        berth: { type: 'string' },
        big: { type: 'string' },
        'without-peers': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

function count(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9][0-9]{0,6}$/.test(text))
    throw new UsageError(`${option} must be a positive number, not '${text}'`)
  return Number(text)
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'i')
  } catch (cause) {
    throw new UsageError(`--only is not a regular expression: ${text}`, { cause })
  }
}
