import type { Metric, Unit } from '../lines/line.ts'
import { median } from '../statistics.ts'

/** What the rounds amount to. */
export interface Comparison {
  /** The median of the rounds, by product. */
  readonly figures: Readonly<Record<string, number>>
  /** How many times better the subject is than the baseline: the median of the rounds' ratios. */
  readonly ratio: number | undefined
  /** Whether the metric's goal was met; undefined where there is none, or no figure to tell by. */
  readonly reached: boolean | undefined
}

export interface Measured {
  readonly metric: Metric
  /** Figures of all rounds, by product. */
  readonly figures: Readonly<Record<string, readonly number[]>>
  readonly subject: string
  readonly baseline: string | undefined
}

export function compare({ metric, figures, subject, baseline }: Measured): Comparison {
  const medians = Object.fromEntries(Object.entries(figures).map(([key, rounds]) => [key, median(rounds)]))
  const own = figures[subject]
  const theirs = baseline === undefined ? undefined : figures[baseline]
  const ratio = own && theirs ? median(ratios(metric.unit, own, theirs)) : undefined
  return { figures: medians, ratio, reached: reached(metric, { ratio, figure: medians[subject] }) }
}

function ratios(unit: Unit, own: readonly number[], theirs: readonly number[]): number[] {
  return own.map((figure, round) => {
    const other = theirs[round] ?? Number.NaN
    return moreIsBetter(unit) ? figure / other : other / figure
  })
}

function moreIsBetter(unit: Unit): boolean {
  return unit === '/s'
}

function reached(
  { reach }: Metric,
  { ratio, figure }: { ratio: number | undefined; figure: number | undefined },
): boolean | undefined {
  if (!reach) return undefined
  if ('below' in reach) return figure === undefined ? undefined : figure < reach.below
  return ratio === undefined ? undefined : ratio >= reach.ratio
}
