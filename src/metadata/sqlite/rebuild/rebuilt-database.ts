import { Database, type SQLQueryBindings } from 'bun:sqlite'
import { rmSync, writeFileSync } from 'node:fs'
import { migrate } from '../../migrations/migrate.ts'
import { recountTexts } from '../../recount.ts'
import { type JournalLoss, replayJournal } from '../journal/replay.ts'
import { sqliteTransaction } from '../transaction.ts'
import { type Loss, Told } from './losses.ts'
import { checkManifests } from './manifests.ts'
import { RowKeeper } from './rows.ts'

/** An object that lies in storage. */
export interface FoundObject {
  readonly objectKey: string
  readonly digest: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly madeAt: number
  /** Whether it holds what its name says, as far as anybody looked. */
  readonly sound: boolean
}

/** Milliseconds that links and manifests have from now on, where no server put its rules on record. */
const usualGrace = 86_400_000
/** Since when pulls are on record: they are not any more. */
const forgottenState = ['pulls-since']

/** Metadata that is made anew in a file of its own, which counts for nothing before it is whole. */
export class RebuiltDatabase {
  readonly #database: Database
  readonly #triggers: readonly string[]
  readonly #now: number
  readonly losses = new Told<Loss>()
  /** Whether the journal lacks something, and nobody knows what. */
  #gaps = false

  private constructor(database: Database, now: number) {
    this.#database = database
    this.#now = now
    this.#triggers = takeTriggers(database)
    database.run(
      'create table found_objects (object_key text primary key, digest text not null, size integer not null, made_at integer not null, sound integer not null)',
    )
  }

  /**
   * @param options.path taken anew, whatever lies there
   * @param options.now milliseconds since 1970: links and manifests count as confirmed then
   */
  static async create(options: { path: string; berth: string; now: number }): Promise<RebuiltDatabase> {
    removeDatabase(options.path)
    // For the registry's own user alone.
    writeFileSync(options.path, '', { mode: 0o600 })
    const database = new Database(options.path, { create: true, readwrite: true })
    // Until it is renamed nobody reads it, and what a crash leaves is made again.
    for (const setting of ['journal_mode = OFF', 'synchronous = OFF', 'locking_mode = EXCLUSIVE'])
      database.run(`PRAGMA ${setting}`)
    database.run('PRAGMA cache_size = -32768')
    database.run('BEGIN')
    await migrate(sqliteTransaction(database), options.berth)
    database.run("delete from state where key = 'registry'")
    return new RebuiltDatabase(database, options.now)
  }

  /** @param progress told how many records were read */
  async replay(directory: string, progress: (records: number) => void): Promise<number> {
    const rows = new RowKeeper(this.#database, this.#now)
    let records = 0
    for await (const entry of replayJournal(directory)) {
      if (entry.kind === 'loss') {
        this.losses.add(entry satisfies JournalLoss)
        this.#gaps = true
        continue
      }
      rows.apply(entry)
      records += 1
      if (records % 1000 === 0) progress(records)
    }
    return records
  }

  addObject({ objectKey, digest, size, madeAt, sound }: FoundObject): void {
    this.#database
      .query<unknown, SQLQueryBindings[]>('insert into found_objects values (?, ?, ?, ?, ?)')
      .run(objectKey, digest, size, madeAt, sound ? 1 : 0)
  }

  /** What an upload that is open no more left behind: the collector removes it. */
  addRemains(objectKey: string): void {
    this.#database
      .query<unknown, [string]>('insert into doomed_objects (object_key, since) values (?, 0)')
      .run(objectKey)
  }

  /** Digests of which there are several objects, and one of each that was not read. */
  *doubtful(): Generator<{ objectKey: string; digest: string }> {
    yield* this.#database
      .query<{ objectKey: string; digest: string }, []>(
        'select object_key as objectKey, digest from found_objects where digest in (select digest from found_objects group by digest having count(*) > 1)',
      )
      .all()
  }

  /** What was on record under the key. */
  state(key: string): string | undefined {
    return this.#database.query<{ value: string }, [string]>('select value from state where key = ?').get(key)
      ?.value
  }

  setDamaged(objectKey: string): void {
    this.#database
      .query<unknown, [string]>('update found_objects set sound = 0 where object_key = ?')
      .run(objectKey)
  }

  /**
   * Puts together what was replayed and found: what one of the two lacks does not come back.
   * @param marked whether a mark beside the database says that the registry is closed
   * @returns whether it is closed, and how many repositories are private because nothing proves that they are public
   */
  assemble({ marked }: { marked: boolean }): { closed: boolean; hidden: number } {
    checkManifests(this.#database, { losses: this.losses, now: this.#now })
    this.#checkTrash()
    this.#checkTags()
    this.#run(
      'insert or ignore into repositories (name, created_at) select repository, min(pushed_at) from manifests group by repository',
    )
    this.#linkBlobs()
    for (const text of recountTexts('sqlite')) this.#run(text)
    const delay = this.#grace()
    for (const table of ['blob_links', 'manifests', 'trashed_references'])
      this.#run(
        `insert or ignore into review (due_at, repository, digest) select ${this.#now + delay}, repository, digest from ${table}`,
      )
    for (const key of forgottenState) this.#run(`delete from state where key = '${key}'`)
    this.#run("insert or ignore into state (key, value) values ('registry', lower(hex(randomblob(16))))")
    return { closed: this.#close(marked), hidden: this.#hide() }
  }

  #close(marked: boolean): boolean {
    const why = 'a rebuild found that it had accounts'
    this.#run(
      `update access_state set closed = 1, closed_at = ${this.#now}, why = '${why}' where closed = 0 and (${marked ? 1 : 0} or exists (select 1 from users))`,
    )
    const state = this.#database.query<{ closed: number }, []>('select closed from access_state').get()
    return state?.closed === 1
  }

  /** The change that made one private may be what the journal lacks. */
  #hide(): number {
    if (!this.#gaps) return 0
    return this.#database
      .query<unknown, []>("update repositories set visibility = 'private' where visibility = 'public'")
      .run().changes
  }

  /** Objects that nothing came back for. They stay where they are. */
  *unknownObjects(): Generator<FoundObject> {
    const page = this.#database.query<Omit<FoundObject, 'sound'> & { sound: number }, [string]>(
      'select object_key as objectKey, digest, size, made_at as madeAt, sound from found_objects where object_key > ? and object_key not in (select object_key from blobs) order by object_key limit 1000',
    )
    for (let after = ''; ; ) {
      const objects = page.all(after)
      for (const object of objects) yield { ...object, sound: object.sound === 1 }
      const last = objects.at(-1)
      if (!last) return
      after = last.objectKey
    }
  }

  count(table: 'repositories' | 'manifests' | 'tags' | 'blobs' | 'trash'): number {
    return (
      this.#database.query<{ count: number }, []>(`select count(*) as count from ${table}`).get()?.count ?? 0
    )
  }

  /** The file is whole; the caller syncs and renames it. */
  finish(): void {
    this.#run('drop table found_objects')
    for (const trigger of this.#triggers) this.#run(trigger)
    const broken = this.#database.query('PRAGMA foreign_key_check').all()
    if (broken.length > 0)
      throw new Error(`the rebuilt tables don't fit together: ${JSON.stringify(broken[0])}`)
    this.#run('COMMIT')
    this.#database.close()
  }

  abandon(path: string): void {
    this.#database.close()
    removeDatabase(path)
  }

  #checkTrash(): void {
    const lost = 'trash not in (select id from trash)'
    for (const table of ['trashed_tags', 'trashed_references']) {
      const orphans = this.#database
        .query<{ id: string; rows: number }, []>(
          `select trash as id, count(*) as rows from ${table} where ${lost} group by trash`,
        )
        .all()
      for (const orphan of orphans) this.losses.add({ kind: 'trash', ...orphan })
      this.#run(`delete from ${table} where ${lost}`)
    }
  }

  #checkTags(): void {
    const missing =
      'not exists (select 1 from manifests m where m.repository = tags.repository and m.digest = tags.digest)'
    const lost = this.#database
      .query<{ repository: string; tag: string; digest: string }, []>(
        `select repository, name as tag, digest from tags where ${missing}`,
      )
      .all()
    for (const tag of lost) this.losses.add({ kind: 'tag', ...tag })
    this.#run(`delete from tags where ${missing}`)
  }

  #linkBlobs(): void {
    this.#run('create index found_digests on found_objects (digest, sound)')
    // An object whose bytes are wrong is kept for what it was: pulls are told, and the next push of it heals it.
    this.#run(
      `insert into blobs (digest, object_key, size, created_at, damaged_at)
       select digest, object_key, size, made_at, case sound when 1 then null else ${this.#now} end from found_objects f
       where object_key = (select object_key from found_objects o where o.digest = f.digest order by sound desc, object_key desc limit 1)
       and (digest in (select digest from blob_links) or digest in (select digest from trashed_references where held = 1))`,
    )
    const lost = this.#database
      .query<{ repository: string; digest: string; damaged: number }, []>(
        `select l.repository, l.digest, b.digest is not null as damaged from blob_links l
         left join blobs b on b.digest = l.digest where b.digest is null or b.damaged_at is not null`,
      )
      .all()
    for (const { damaged, ...link } of lost)
      this.losses.add({ kind: 'blob', ...link, damaged: damaged === 1 })
    this.#run('delete from blob_links where digest not in (select digest from blobs)')
  }

  #grace(): number {
    const rules = JSON.parse(this.state('rules') ?? '{}') as { rules?: { grace?: number } }
    return rules.rules?.grace ?? usualGrace
  }

  #run(text: string): void {
    this.#database.run(text)
  }
}

/** They would count, and queue, each row that comes back. */
function takeTriggers(database: Database): string[] {
  const triggers = database
    .query<{ name: string; sql: string }, []>("select name, sql from sqlite_master where type = 'trigger'")
    .all()
  for (const { name } of triggers) database.run(`drop trigger ${name}`)
  return triggers.map(({ sql }) => sql)
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${suffix}`, { force: true })
}
