import type { JournalState } from '../metadata/metadata-store.ts'
import type { Registry } from '../registry/registry.ts'
import type { Crew, CrewState } from './crew.ts'

/** `GET /healthz`: the process answers. */
export function healthz(): Response {
  return Response.json({ status: 'ok' })
}

interface Surroundings {
  readonly draining: boolean
  readonly journal: JournalState | undefined
  readonly crew: Crew | undefined
}

/**
 * `GET /readyz`: storage and database answer too; else 503, and which of them doesn't. A journal that can't be written
 * is a warning, and so is a process that is started again: pulls and pushes go on.
 */
export async function readyz(registry: Registry, surroundings: Surroundings): Promise<Response> {
  let crew: CrewState | undefined
  const owner = await outcome(async () => {
    crew = await surroundings.crew?.state()
  })
  const checks = {
    server: surroundings.draining ? 'shutting down' : crew ? startOf(crew) : owner,
    storage: await outcome(() => registry.blobs.check()),
    database: await outcome(() => registry.metadata.check()),
  }
  const ready = Object.values(checks).every((result) => result === 'ok')
  const warnings = warningsOf(crew?.journal ?? surroundings.journal, crew)
  return Response.json(
    { status: ready ? 'ok' : 'not ready', checks, warnings },
    { status: ready ? 200 : 503 },
  )
}

function startOf({ started, serving, wanted }: CrewState): string {
  return started ? 'ok' : `starting: ${serving} of ${wanted} processes serve`
}

function warningsOf(
  journal: JournalState | undefined,
  crew: CrewState | undefined,
): Record<string, string> | undefined {
  const warnings: Record<string, string> = {}
  if (journal?.failure !== undefined) warnings.journal = journal.failure
  if (crew?.started && crew.serving < crew.wanted)
    warnings.workers = `${crew.serving} of ${crew.wanted} processes serve`
  return Object.keys(warnings).length === 0 ? undefined : warnings
}

async function outcome(check: () => Promise<void>): Promise<string> {
  try {
    await check()
    return 'ok'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
