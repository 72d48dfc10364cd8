import { Database } from 'bun:sqlite'
import { open } from 'node:fs/promises'
import type {
  AccessFacts,
  AccessQuestion,
  AuditState,
  ChangesMetadata,
  JournalState,
  MetadataStore,
  StoredBlob,
  StoredManifest,
} from '../metadata-store.ts'
import { createSqlMetadataStore } from '../sql-metadata-store.ts'
import { ChangeCounters } from './change-counters.ts'
import { CommitSignal } from './commit-signal.ts'
import { configureConnection } from './connection.ts'
import { ReadCache } from './read-cache.ts'
import { sqliteReader } from './transaction.ts'
import { SqliteWriter } from './writer.ts'

const MiB = 1024 * 1024

export interface SqliteOptions {
  /** The database's file; made if it is not there. */
  readonly path: string
  /** This binary's version. */
  readonly berth: string
  /** Kept by the one process that owns the data directory: where it lies, and who hears how far it is. */
  readonly journal?: { directory: string; told(state: JournalState): void }
  /** Hears how far the audit log of this process is. */
  readonly auditTold?: ((state: AuditState) => void) | undefined
  /** Takes all changes, in another process: the one that owns the database and has brought it up to date. */
  readonly changes?: ChangesMetadata
  /** Where several processes serve together: a file through which they hear of each other's changes at once. */
  readonly signal?: string | undefined
}

/** The embedded database: this thread reads, another one writes, or another process. */
export async function openSqliteMetadataStore(options: SqliteOptions): Promise<MetadataStore> {
  const changes = options.changes ?? (await openWriter(options))
  const database = new Database(options.path, { readwrite: true })
  configureConnection(database)
  database.run('PRAGMA query_only = ON')
  const signal = options.signal === undefined ? undefined : new CommitSignal(options.signal)
  const counters = new ChangeCounters(database, signal)
  const store = createSqlMetadataStore({
    ...sqliteReader(database),
    change: (name, args, by) =>
      changes.change(name, args, by).finally(() => {
        signal?.move()
        counters.expire()
      }),
    async check() {
      database.query('select 1 from migrations limit 1').get()
    },
    async close() {
      database.close()
      if (changes instanceof SqliteWriter) await changes.close()
    },
  })
  return withCaches(store, counters)
}

async function openWriter({ path, berth, journal, auditTold }: SqliteOptions): Promise<SqliteWriter> {
  await makePrivateFile(path)
  return SqliteWriter.open({
    path,
    berth,
    journal: journal?.directory ?? null,
    told: journal?.told,
    auditTold,
  })
}

/** Nobody else on the machine reads it, and SQLite gives the files beside it the same rights. */
async function makePrivateFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.close()
  } catch (error) {
    // It is there already; where it can't be made, SQLite says why.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST' && code !== 'EROFS' && code !== 'EACCES') throw error
  }
}

/** Keeps the answers that pulls ask for again and again; each hit is checked against the change counters. */
function withCaches(store: MetadataStore, counters: ChangeCounters): MetadataStore {
  const manifests = new ReadCache<StoredManifest>(counters, {
    kinds: ['manifests'],
    limit: 16 * MiB,
    sizeOf: ({ bytes }) => bytes.length + 300,
  })
  const tagged = new ReadCache<StoredManifest>(counters, {
    kinds: ['tags', 'manifests'],
    limit: 8 * MiB,
    sizeOf: ({ bytes }) => bytes.length + 300,
  })
  const blobs = new ReadCache<StoredBlob>(counters, { kinds: ['links'], limit: 8 * MiB, sizeOf: () => 500 })
  const pages = new ReadCache<readonly string[]>(counters, {
    kinds: ['tags', 'manifests'],
    limit: 8 * MiB,
    sizeOf: (names) => names.reduce((sum, name) => sum + name.length + 16, 64),
  })
  const state = new ReadCache<{ value: string | undefined }>(counters, {
    kinds: ['state'],
    limit: MiB,
    sizeOf: ({ value = '' }) => value.length + 64,
  })
  const access = new ReadCache<AccessFacts>(counters, {
    kinds: ['access'],
    limit: 8 * MiB,
    sizeOf: ({ accessToken }) => 500 + (accessToken?.scopes?.length ?? 0),
  })
  const page = <T extends string>(key: string, load: () => Promise<T[]>) =>
    pages.get(key, load) as Promise<T[]>
  return {
    ...store,
    accessStamp: () => counters.current().access,
    accessFacts: (of) =>
      access.get(keyOf(of), async () => store.accessFacts(of)) as AccessFacts | Promise<AccessFacts>,
    findManifest: async (by) => manifests.get(`${by.repository}@${by.digest}`, () => store.findManifest(by)),
    findTagged: async (by) => tagged.get(`${by.repository}:${by.tag}`, () => store.findTagged(by)),
    findBlob: async (by) => blobs.get(`${by.repository}@${by.digest}`, () => store.findBlob(by)),
    getState: async (key) => {
      const found = await state.get(key, async () => ({ value: await store.getState(key) }))
      return found?.value
    },
    listTags: async (by) => page(`${by.repository}:${by.after ?? ''}:${by.limit}`, () => store.listTags(by)),
    listRepositories: async (by) => page(`:${by.after ?? ''}:${by.limit}`, () => store.listRepositories(by)),
  }
}

/** No id or name has a bar. */
function keyOf(of: AccessQuestion): string {
  return `${of.user}|${of.robot}|${of.accessToken}|${of.repository}|${of.namespace}|${of.organisation}`
}
