import { join, resolve } from 'node:path'
import { decide } from './access/decide.ts'
import { lockData } from './blobs/filesystem/data-lock.ts'
import { FilesystemBlobStore } from './blobs/filesystem/filesystem-blob-store.ts'
import type { Settings } from './config/settings.ts'
import { listenOn } from './http/listen.ts'
import type { RunningServer } from './http/server.ts'
import { type ScheduledJob, schedule } from './jobs/schedule.ts'
import { sweep } from './jobs/sweep.ts'
import type { Logger } from './logging/logger.ts'
import { openSqliteMetadataStore } from './metadata/sqlite/sqlite-metadata-store.ts'
import type { Registry } from './registry/registry.ts'
import { UnfinishedHashes } from './registry/uploads/hashes.ts'
import { version } from './version.ts'

/** A registry that serves, put together from its settings. */
export interface App {
  readonly urls: readonly string[]
  readonly data: string
  /** Takes nothing new and lets transfers finish; those that still run after `patience` milliseconds are cut off. */
  stop(patience: number): Promise<{ cutOff: boolean }>
}

/** @throws DataInUseError, DatabaseTooNewError, ListenError, and what the disk says of the data directory */
export async function startApp(settings: Settings, logger: Logger): Promise<App> {
  const data = resolve(settings.data)
  const blobs = await FilesystemBlobStore.open({ data, cacheSize: settings['storage.cache'] })
  const closing = new AsyncDisposableStack()
  closing.defer(() => blobs.close())
  try {
    const lock = lockData(data)
    closing.defer(() => lock.release())
    const path = join(data, 'metadata.sqlite')
    const metadata = await openSqliteMetadataStore({ path, berth: version })
    closing.defer(() => metadata.close())
    await blobs.syncRoot()
    const registry: Registry = {
      metadata,
      blobs,
      hashes: new UnfinishedHashes(),
      rules: {
        missing: settings['manifests.missing'],
        deleteEnabled: settings['delete.enabled'],
        grace: settings['gc.grace'],
        minFree: settings['storage.min-free'],
      },
      now: () => Date.now(),
      newId: () => crypto.randomUUID(),
    }
    const server = await listenOn(settings.listen, {
      registry,
      decide,
      logger,
      version,
      origins: new Set(settings['http.cors-origins']),
      idleTimeout: settings['http.idle-timeout'],
    })
    const sweeping = scheduleSweep(registry, settings, logger)
    return {
      urls: server.urls,
      data,
      async stop(patience) {
        const cutOff = !(await drained(server, patience))
        await sweeping.stop()
        // In the reverse order of their opening.
        await closing.disposeAsync()
        return { cutOff }
      },
    }
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

/** How often at most the sweep runs, however short the times are that it enforces. Milliseconds. */
const shortestSweep = 1000
const longestSweep = 60_000

function scheduleSweep({ metadata, blobs }: Registry, settings: Settings, logger: Logger): ScheduledJob {
  const uploadAge = settings['uploads.expire']
  const keepObjects = settings['gc.keep-objects']
  const interval = Math.min(Math.max(Math.min(uploadAge, keepObjects) / 4, shortestSweep), longestSweep)
  const run = async () => {
    const swept = await sweep({ metadata, blobs, uploadAge, keepObjects })
    if (swept.uploads + swept.objects > 0)
      logger.info('swept', { uploads: swept.uploads, objects: swept.objects })
  }
  return schedule(run, {
    interval,
    failed: (error) => logger.error('the sweep failed', { error: String(error) }),
  })
}

/** @returns whether every transfer came to its end in time */
async function drained(server: RunningServer, patience: number): Promise<boolean> {
  const late = Symbol()
  const timer = Promise.withResolvers<typeof late>()
  const timeout = setTimeout(() => timer.resolve(late), patience)
  const outcome = await Promise.race([server.drain(), timer.promise])
  clearTimeout(timeout)
  if (outcome !== late) return true
  await server.close()
  return false
}
