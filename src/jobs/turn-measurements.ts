import type { Measurement } from '../logging/measurement.ts'
import type { TellsTurns } from '../metadata/metadata-store.ts'
import { type SharedJob, type SharedTurns, sharedJobs } from './turns.ts'

/** Who runs what: of this process, and when any process last did. */
export function turnMeasurements(turns: SharedTurns, metadata: TellsTurns): Measurement[] {
  return sharedJobs.flatMap((job) => [
    {
      name: `berth_job_${job}_runs_total`,
      help: `Runs of the job "${job}" that this server began`,
      kind: 'counter' as const,
      read: () => turns.runsOf(job).begun,
    },
    {
      name: `berth_job_${job}_takeovers_total`,
      help: `Of these, the ones that it took over from a server that fell silent`,
      kind: 'counter' as const,
      read: () => turns.runsOf(job).takenOver,
    },
    {
      name: `berth_job_${job}_running`,
      help: `Whether this server is the one that runs the job "${job}" now`,
      kind: 'gauge' as const,
      read: () => (turns.runsOf(job).running ? 1 : 0),
    },
    {
      name: `berth_job_${job}_last_run_timestamp_seconds`,
      help: `When the job "${job}" was last finished by any of the servers`,
      kind: 'gauge' as const,
      read: () => endedAt(metadata, job),
    },
  ])
}

async function endedAt(metadata: TellsTurns, job: SharedJob): Promise<number | undefined> {
  const ended = (await metadata.findJob({ job }))?.endedAt
  return ended === undefined ? undefined : ended / 1000
}
