import type { JournalState } from '../metadata/metadata-store.ts'
import type { ProcessMetrics } from './process-metrics.ts'

/** The processes that serve together, where there are several: one that is asked answers for all. */
export interface Crew {
  /** What each process measured, this one included. */
  gatherMetrics(): Promise<readonly ProcessMetrics[]>
  /** @throws where the process that owns the database does not answer */
  state(): Promise<CrewState>
}

export interface CrewState {
  /** Whether every process has answered requests since the start. */
  readonly started: boolean
  readonly serving: number
  readonly wanted: number
  readonly journal: JournalState | undefined
}
