import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openSqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt, run } from '../support/command.ts'
import {
  berthExecutable,
  expectMoved,
  type MigrationTargets,
  makeTargets,
  migrateCommand,
  requireTargets,
} from '../support/migration.ts'
import { administer } from '../support/postgres.ts'
import { blobUrl, bytesOf, manifestUrl, openUpload, pushBlob, pushImage } from '../support/push.ts'
import { bucketContents } from '../support/s3.ts'
import { servedImage } from '../support/served-image.ts'
import { knownObjects } from '../support/stored-objects.ts'

const able = requireTargets('moving a registry to PostgreSQL and S3')

/** Images, moves of tags, a deletion that can be taken back, pulls, and a blob that nothing uses. */
async function fill(berth: RunningBerth, images = 12): Promise<void> {
  for (let number = 0; number < images; number += 1) {
    const remote = { url: berth.url, repository: `team${number % 3}/app` }
    await pushImage(remote, { reference: `v${number}`, content: `layer ${number}` })
    await pushImage(remote, { reference: 'latest', content: `layer ${number}` })
  }
  const remote = { url: berth.url, repository: 'team0/app' }
  await fetch(manifestUrl(remote, 'v0'), { method: 'DELETE' })
  await pushBlob(remote, new Uint8Array(6 * 1024 * 1024).fill(7))
  await pushBlob(remote, new Uint8Array())
  await servedImage(berth.url, { repository: 'team1/app', reference: 'v1' })
}

describe.skipIf(!able)('moving a registry that serves', () => {
  let berth: RunningBerth
  let targets: MigrationTargets

  beforeAll(async () => {
    berth = await startBerth()
    targets = await makeTargets()
    await fill(berth)
  })

  afterAll(async () => {
    await berth.stop()
    await targets[Symbol.asyncDispose]()
  })

  const migrate = (...flags: string[]) =>
    migrateCommand(berth.data, [...targets.flags, ...flags], targets.credentials)

  test('a dry run looks at both ends, and writes nothing', async () => {
    const result = await migrate('--dry-run', '--output', 'json')
    expect(JSON.parse(result.stdout)).toMatchObject({ dryRun: true, blobs: { count: 15 }, resumed: false })
    expect(await bucketContents(targets.bucket)).toMatchObject({ objects: [], begun: [] })
    const tables = await administer<object>(
      targets.database,
      `select 1 from information_schema.tables where table_schema = 'public'`,
    )
    expect(tables).toEqual([])
    expect((await fetch(`${berth.url}/v2/x/y/blobs/uploads/`, { method: 'POST' })).status).toBe(202)
  })

  test('brings all that was acknowledged while it ran, and leaves the source read-only and as it was', async () => {
    const acknowledged: string[] = []
    const pushes = (async () => {
      for (let number = 0; ; number += 1) {
        const remote = { url: berth.url, repository: 'busy/app' }
        try {
          await pushImage(remote, { reference: `b${number}`, content: `busy ${number}` })
        } catch (error) {
          return String(error)
        }
        acknowledged.push(`b${number}`)
        await Bun.sleep(30)
      }
    })()
    const location = await openUpload({ url: berth.url, repository: 'slow/app' })
    const result = await migrate('--verify', 'all')
    expect(result.stderr).toBe('')
    expect(result.exitCode).toBe(0)
    expect(result.stdout).toContain('BERTH_METADATA_URL=')
    expect(result.stdout).not.toContain(`:${targets.credentials.PGPASSWORD}@`)
    expect(await pushes).toContain('503')
    expect(acknowledged.length).toBeGreaterThan(0)
    const late = await fetch(location, { method: 'PATCH', body: 'x' })
    expect(late.status).toBe(503)

    await expectMoved(berth.data, targets.database)
    const { objects, begun } = await bucketContents(targets.bucket)
    const own = new Set(['migration', 'closed'].map((name) => targets.bucket.prefix + name))
    expect(objects.filter((key) => !own.has(key))).toEqual(
      knownObjects(berth.data).map((key) => targets.bucket.prefix + key),
    )
    expect(begun).toEqual([])

    const moved = await startBerth({ env: targets.environment })
    for (const tag of acknowledged) await servedImage(moved.url, { repository: 'busy/app', reference: tag })
    await servedImage(moved.url, { repository: 'team2/app', reference: 'v11' })
    const refused = await fetch(`${moved.url}/v2/x/y/blobs/uploads/`, { method: 'POST' })
    expect(refused.status).toBe(503)
    const verified = await attempt(berthExecutable, ['verify'], { env: targets.environment })
    expect(verified.stdout).toContain('All is sound')
    await run(berthExecutable, ['read-only', 'off'], { env: targets.environment })
    await pushImage({ url: moved.url, repository: 'new/app' }, { content: 'after the move' })
    await moved.stop()
    // The source still serves what it has.
    await servedImage(berth.url, { repository: 'team2/app', reference: 'v11' })
  })

  test('asked again it has nothing to do, until the source took writes', async () => {
    const again = await migrate('--output', 'json')
    expect(JSON.parse(again.stdout)).toMatchObject({ done: { already: true }, resumed: true })
    await run(berthExecutable, ['read-only', 'off', '--data', berth.data])
    const refused = await migrate()
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('took writes here since')])
    await pushImage({ url: berth.url, repository: 'back/app' }, { content: 'the way back' })
  })

  test('another registry is not mixed with it', async () => {
    const other = await startBerth()
    await pushImage({ url: other.url, repository: 'other/app' })
    for (const flags of [targets.toMetadata, targets.toStorage]) {
      const refused = await migrateCommand(other.data, flags, targets.credentials)
      expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('another registry')])
    }
    await other.stop()
  })
})

describe.skipIf(!able)('a target that is not empty', () => {
  test('is refused: a database with tables, one with a registry, a bucket with objects', async () => {
    const berth = await startBerth()
    await using targets = await makeTargets()
    const refusal = async (flags: readonly string[]) => {
      const result = await migrateCommand(berth.data, flags, targets.credentials)
      expect(result.exitCode).toBe(1)
      return result.stderr
    }
    await administer(targets.database, 'create table ours (id integer)')
    expect(await refusal(targets.toMetadata)).toContain('other tables (ours)')
    await administer(targets.database, 'drop table ours')
    const there = await startBerth({ env: targets.environment })
    await pushBlob({ url: there.url, repository: 'a/b' }, bytesOf('there'))
    await there.stop()
    expect(await refusal(targets.toMetadata)).toContain('holds a registry already')
    expect(await refusal(targets.toStorage)).toContain('is not empty')
    const wrong = { ...targets.credentials, PGPASSWORD: 'wrong', AWS_SECRET_ACCESS_KEY: 'wrong' }
    for (const [flags, why] of [
      [targets.toMetadata, /^berth: postgres:.* can not be used: .*password[^\n]*\n$/],
      [targets.toStorage, /^berth: the bucket can not be used: .*SignatureDoesNotMatch[^\n]*\n$/],
    ] as const)
      expect((await migrateCommand(berth.data, flags, wrong)).stderr).toMatch(why)
    expect(await run(berthExecutable, ['read-only', 'status', '--data', berth.data])).toContain(
      'takes pushes',
    )
    await berth.stop()
  })
})

describe.skipIf(!able)('moving a part', () => {
  test('the metadata alone: blobs stay where they are, and what uploads left is removed', async () => {
    const berth = await startBerth()
    await using targets = await makeTargets()
    await fill(berth, 3)
    const location = await openUpload({ url: berth.url, repository: 'slow/app' })
    await fetch(location, { method: 'PATCH', body: 'some bytes' })
    const result = await migrateCommand(berth.data, targets.toMetadata, targets.credentials)
    expect([result.exitCode, result.stderr]).toEqual([0, ''])
    await berth.stop()
    const { doomed_objects: doomed = [] } = await expectMoved(berth.data, targets.database)
    const upload = location.split('?')[0]?.split('/').at(-1)
    expect(doomed.join()).toContain(`uploads/${upload}`)
    const away = await temporaryDirectory()
    for (const name of ['metadata.sqlite', 'journal']) await rename(join(berth.data, name), join(away, name))
    for (const end of ['-wal', '-shm']) await rm(join(berth.data, `metadata.sqlite${end}`), { force: true })
    const { BERTH_METADATA_URL = '', BERTH_ACCESS_OPEN = '', PGPASSWORD = '' } = targets.environment
    const next = await startBerth({
      data: berth.data,
      env: { BERTH_METADATA_URL, BERTH_ACCESS_OPEN, PGPASSWORD },
    })
    await servedImage(next.url, { repository: 'team1/app', reference: 'v1' })
    await next.stop()
  })

  test('the blobs alone: the same database names them in the bucket', async () => {
    const berth = await startBerth()
    await using targets = await makeTargets()
    await fill(berth, 3)
    const result = await migrateCommand(berth.data, targets.toStorage, targets.credentials)
    expect([result.exitCode, result.stderr]).toEqual([0, ''])
    await berth.stop()
    await rename(join(berth.data, 'blobs'), join(await temporaryDirectory(), 'blobs'))
    const { BERTH_METADATA_URL: _, ...env } = targets.environment
    const next = await startBerth({ data: berth.data, env })
    await servedImage(next.url, { repository: 'team1/app', reference: 'v1' })
    await next.stop()
  })
})

describe.skipIf(!able)('a registry that is closed', () => {
  test('is closed at the target before a server starts there, and needs no setting to start', async () => {
    const data = await temporaryDirectory()
    const before = await startBerth({ data })
    await pushImage({ url: before.url, repository: 'a/b' })
    await before.stop()
    const store = await openSqliteMetadataStore({ path: join(data, 'metadata.sqlite'), berth: '0.1.0' })
    await store.change('closeRegistry', { why: 'it has accounts' })
    await store.close()
    const berth = await startBerth({ data })
    await using targets = await makeTargets()
    const result = await migrateCommand(data, targets.flags, targets.credentials)
    expect([result.exitCode, result.stderr]).toEqual([0, ''])
    expect(result.stdout).not.toContain('BERTH_ACCESS_OPEN')
    await expectMoved(data, targets.database)
    expect((await bucketContents(targets.bucket)).objects).toContain(`${targets.bucket.prefix}closed`)
    const { BERTH_ACCESS_OPEN: _, ...env } = targets.environment
    const moved = await startBerth({ env })
    expect((await fetch(manifestUrl({ url: moved.url, repository: 'a/b' }, 'latest'))).status).toBe(401)
    await moved.stop()
    await berth.stop()
  })
})

describe.skipIf(!able)('what goes wrong on the way', () => {
  test('no server starts on targets that do not have all yet', async () => {
    const berth = await startBerth()
    await using targets = await makeTargets()
    await pushImage({ url: berth.url, repository: 'a/b' })
    // Not even the marks of a migration that was interrupted before it copied anything.
    const database = new Database(join(berth.data, 'metadata.sqlite'), { readonly: true })
    const registry = database
      .query<{ value: string }, []>("select value from state where key = 'registry'")
      .get()
    database.close()
    const note = { state: 'unfinished', registry: registry?.value, from: berth.data, startedAt: 'then' }
    const whole = await migrateCommand(berth.data, targets.flags, targets.credentials)
    expect(whole.exitCode).toBe(0)
    await administer(
      targets.database,
      `update state set value = '${JSON.stringify(note)}' where key = 'migration'`,
    )
    const refused = await attempt(berthExecutable, ['serve', '--listen', '127.0.0.1:0'], {
      env: targets.environment,
    })
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('not all of it is there')])
    await berth.stop()
  })

  test('blobs that are damaged or missing are told and marked, and all others moved', async () => {
    const berth = await startBerth()
    await using targets = await makeTargets()
    const remote = { url: berth.url, repository: 'a/b' }
    await pushImage(remote, { reference: 'whole', content: 'whole' })
    const [rotten, gone] = [
      await pushBlob(remote, bytesOf('rotten')),
      await pushBlob(remote, bytesOf('gone')),
    ]
    const fileOf = (digest: string) =>
      join(berth.data, knownObjects(berth.data).find((key) => key.includes(digest.slice(7))) ?? '')
    await writeFile(fileOf(rotten), 'rottem')
    await rm(fileOf(gone))
    const result = await migrateCommand(berth.data, targets.flags, targets.credentials)
    expect([result.exitCode, result.stderr]).toEqual([1, ''])
    expect(result.stdout).toContain(`${rotten}  damaged`)
    expect(result.stdout).toContain(`${gone}  missing`)
    const moved = await startBerth({ env: targets.environment })
    const there = { url: moved.url, repository: 'a/b' }
    await servedImage(moved.url, { repository: 'a/b', reference: 'whole' })
    for (const digest of [rotten, gone]) expect((await fetch(blobUrl(there, digest))).status).toBe(404)
    await run(berthExecutable, ['read-only', 'off'], { env: targets.environment })
    await pushBlob(there, bytesOf('rotten'))
    expect(await (await fetch(blobUrl(there, rotten))).text()).toBe('rotten')
    await moved.stop()
    await berth.stop()
  })
})
