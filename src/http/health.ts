import type { JournalState } from '../metadata/metadata-store.ts'
import type { Registry } from '../registry/registry.ts'

/** `GET /healthz`: the process answers. */
export function healthz(): Response {
  return Response.json({ status: 'ok' })
}

interface Surroundings {
  readonly draining: boolean
  readonly journal: JournalState | undefined
}

/**
 * `GET /readyz`: storage and database answer too; else 503, and which of them doesn't. A journal that can't be written
 * is a warning: pulls and pushes go on.
 */
export async function readyz(registry: Registry, { draining, journal }: Surroundings): Promise<Response> {
  const checks = {
    server: draining ? 'shutting down' : 'ok',
    storage: await outcome(() => registry.blobs.check()),
    database: await outcome(() => registry.metadata.check()),
  }
  const ready = Object.values(checks).every((result) => result === 'ok')
  const warnings = journal?.failure === undefined ? undefined : { journal: journal.failure }
  return Response.json(
    { status: ready ? 'ok' : 'not ready', checks, warnings },
    { status: ready ? 200 : 503 },
  )
}

async function outcome(check: () => Promise<void>): Promise<string> {
  try {
    await check()
    return 'ok'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
