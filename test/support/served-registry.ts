import { type Action, createDecide, type Decide, type Resource } from '../../src/access/decide.ts'
import { openDataDirectory } from '../../src/data-directory.ts'
import type { StartCollector } from '../../src/http/management/environment.ts'
import { startServer } from '../../src/http/server.ts'
import { createLogger } from '../../src/logging/logger.ts'
import type { Rules } from '../../src/registry/registry.ts'
import { UnfinishedHashes } from '../../src/registry/uploads/hashes.ts'
import { temporaryDirectory } from './berth.ts'
import { bodyLimits } from './body-limits.ts'

export interface ServedRegistry extends AsyncDisposable {
  readonly url: string
  /** What was asked of the one place that decides, since the last look. */
  asked(): Asked[]
}

export interface Asked {
  readonly action: Action
  readonly resource: Resource
}

const rules: Rules = {
  missing: 'index',
  deleteEnabled: true,
  grace: 3_600_000,
  readOnly: false,
  minFree: 0,
  immutableTags: [],
  trashRetention: 3_600_000,
}

/** A registry in this process, whose decisions a test makes. */
export async function serveRegistry(
  options: { decide?: Decide; startCollector?: StartCollector } = {},
): Promise<ServedRegistry> {
  const data = await openDataDirectory({ data: await temporaryDirectory() })
  const asked: Asked[] = []
  const now = () => Date.now()
  const switches = { anonymous: true, registration: 'off' } as const
  const decide = options.decide ?? createDecide({ metadata: data.metadata, switches, now })
  const server = startServer({
    registry: {
      metadata: data.metadata,
      blobs: data.blobs,
      hashes: new UnfinishedHashes(),
      rules,
      now: () => Date.now(),
      newId: () => crypto.randomUUID(),
      newTrashId: () => Bun.randomUUIDv7(),
      pulled: () => undefined,
    },
    decide(identity, action, resource) {
      asked.push({ action, resource })
      return decide(identity, action, resource)
    },
    ...(options.startCollector ? { startCollector: options.startCollector } : {}),
    logger: createLogger({
      level: 'error',
      format: 'text',
      sink: { write: (text: string) => void process.stderr.write(text) },
      now: () => Date.now(),
    }),
    version: '0.0.0',
    listen: [{ hostname: '127.0.0.1', port: 0 }],
    origins: new Set(),
    idleTimeout: 30_000,
    limits: bodyLimits(),
    measurements: [],
  })
  return {
    url: (server.urls[0] ?? '').replace(/\/$/, ''),
    asked: () => asked.splice(0),
    async [Symbol.asyncDispose]() {
      await server.close()
      await data[Symbol.asyncDispose]()
    },
  }
}
