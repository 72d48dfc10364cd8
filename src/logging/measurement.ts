/** A figure that is read whenever somebody scrapes the metrics. */
export interface Measurement {
  /** As Prometheus names it: `berth_gc_runs_total`. */
  readonly name: string
  readonly help: string
  /** A counter never goes down while the process lives. */
  readonly kind: 'counter' | 'gauge'
  /** Undefined: not known yet, and left out. */
  read(): number | undefined | Promise<number | undefined>
}
