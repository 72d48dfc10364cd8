import { isEnding } from './children.ts'
import type { Contender } from './contender.ts'
import type { Line, Metric } from './lines/line.ts'
import { settle } from './quiet.ts'
import { type Comparison, compare } from './report/compare.ts'

/** Servers that are measured against each other, line by line. */
export interface Table {
  readonly title: string
  readonly contenders: readonly Contender[]
  /** Keys of the products whose figures form the ratio; there is none without a baseline. */
  readonly subject: string
  readonly baseline: string | undefined
  readonly rounds: number
  readonly lines: readonly Line[]
}

export interface MeasuredTable {
  readonly title: string
  readonly columns: readonly { readonly key: string; readonly name: string }[]
  readonly rows: readonly Row[]
  readonly failures: readonly Failure[]
}

export interface Row extends Comparison {
  readonly metric: Metric
  /** Figures of all rounds, by product; of one that failed, none. */
  readonly rounds: Readonly<Record<string, readonly number[]>>
}

export interface Failure {
  readonly line: string
  readonly product: string
  readonly reason: string
}

export interface Setting {
  /** Where the data lies. */
  readonly directory: string
  progress(message: string): void
}

/** Measures line after line; within a line every contender has its turn in every round, each time another one first. */
export async function measureTable(table: Table, setting: Setting): Promise<MeasuredTable> {
  const rows: Row[] = []
  const failures: Failure[] = []
  for (const line of table.lines) {
    const measured = await measureLine(line, table, setting)
    failures.push(...measured.failures)
    for (const metric of line.metrics) {
      const figures = figuresOf(metric, measured.turns)
      rows.push({ metric, rounds: figures, ...compare({ metric, figures, ...table }) })
    }
  }
  const columns = table.contenders.map(({ product }) => ({ key: product.key, name: product.name }))
  return { title: table.title, columns, rows, failures }
}

type Turns = Map<string, Readonly<Record<string, number>>[]>

async function measureLine(
  line: Line,
  { contenders, rounds }: Table,
  { directory, progress }: Setting,
): Promise<{ turns: Turns; failures: Failure[] }> {
  const turns: Turns = new Map()
  const failures: Failure[] = []
  const failed = new Set<Contender>()
  const attempt = async (contender: Contender, work: () => Promise<void>) => {
    if (failed.has(contender)) return
    try {
      await work()
    } catch (error) {
      if (isEnding()) throw error
      failed.add(contender)
      turns.delete(contender.product.key)
      const reason = (error instanceof Error ? error.message : String(error)).trim()
      failures.push({ line: line.name, product: contender.product.name, reason })
      progress(`${line.name}: ${contender.product.name} FAILED: ${reason}`)
    }
  }
  for (const contender of contenders) await attempt(contender, () => line.prepare(contender))
  for (let round = 0; round < rounds; round++) {
    for (const contender of rotated(contenders, round)) {
      await attempt(contender, async () => {
        await settle(contenders, directory)
        const figures = await line.measure(contender)
        const { key, name } = contender.product
        turns.set(key, [...(turns.get(key) ?? []), figures])
        progress(`${line.name}: ${name}, round ${round + 1}: ${describe(line, figures)}`)
      })
    }
  }
  return { turns, failures }
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const first = by % Math.max(1, items.length)
  return [...items.slice(first), ...items.slice(0, first)]
}

function figuresOf(metric: Metric, turns: Turns): Record<string, number[]> {
  const perProduct = [...turns].map(([key, figures]) => [
    key,
    figures.map((turn) => turn[metric.key] ?? Number.NaN),
  ])
  return Object.fromEntries(perProduct)
}

function describe(line: Line, figures: Readonly<Record<string, number>>): string {
  return line.metrics.map(({ key, unit }) => `${Number(figures[key]?.toPrecision(4))} ${unit}`).join(', ')
}
