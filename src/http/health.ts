import type { Registry } from '../registry/registry.ts'

/** `GET /healthz`: the process answers. */
export function healthz(): Response {
  return Response.json({ status: 'ok' })
}

/** `GET /readyz`: storage and database answer too; else 503, and which of them doesn't. */
export async function readyz(registry: Registry, draining: boolean): Promise<Response> {
  const checks = {
    server: draining ? 'shutting down' : 'ok',
    storage: await outcome(() => registry.blobs.check()),
    database: await outcome(() => registry.metadata.check()),
  }
  const ready = Object.values(checks).every((result) => result === 'ok')
  return Response.json({ status: ready ? 'ok' : 'not ready', checks }, { status: ready ? 200 : 503 })
}

async function outcome(check: () => Promise<void>): Promise<string> {
  try {
    await check()
    return 'ok'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
