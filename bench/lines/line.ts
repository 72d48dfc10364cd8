import type { Contender } from '../contender.ts'
import type { BigFile } from '../load/big-file.ts'
import type { Scale } from '../options.ts'

/** One thing that is measured; it may give several figures. */
export interface Line {
  /** What `--only` looks at. */
  readonly name: string
  readonly metrics: readonly Metric[]
  /** Puts in place what will be asked for, and checks that one request is answered as it should be. */
  prepare(contender: Contender): Promise<void>
  /** One turn: a figure for every metric, by its key. */
  measure(contender: Contender): Promise<Readonly<Record<string, number>>>
}

export interface Metric {
  readonly key: string
  readonly label: string
  readonly unit: Unit
  readonly reach?: Reach
}

/** More is better of rates; less of everything else. */
export type Unit = '/s' | 's' | 'ms' | 'MiB' | 'CPU s/GiB'

/** How many times better than the baseline, or an absolute figure to stay below. */
export type Reach = { readonly ratio: number } | { readonly below: number }

export interface LineContext {
  readonly scale: Scale
  /** Made when the first line needs it. */
  bigFile(): Promise<BigFile>
}
