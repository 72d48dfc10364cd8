import { afterEach, describe, expect, test } from 'bun:test'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt, type CommandResult } from '../support/command.ts'
import { dropDatabase, makeDatabase, postgresServer, requirePostgres } from '../support/postgres.ts'
import { manifestUrl, pushImage } from '../support/push.ts'
import { bucketEnvironment, requireS3, testBucket } from '../support/s3.ts'

const bin = process.env.BERTH_BIN ?? join(import.meta.dir, '../../bin/berth')

let running: RunningBerth | undefined

afterEach(async () => {
  await running?.stop()
  running = undefined
})

type Environment = Readonly<Record<string, string>>

/** Starts, pushes unless it is there, and pulls. @returns the data directory, with the server stopped */
async function serveOnce({ data, env }: { data?: string; env: Environment }): Promise<string> {
  running = await startBerth({ ...(data !== undefined && { data }), env })
  const remote = { url: running.url, repository: 'placed' }
  if (data === undefined) await pushImage(remote)
  const manifest = await fetch(manifestUrl(remote, 'latest'))
  expect(manifest.status).toBe(200)
  for (const { digest } of ((await manifest.json()) as { layers: { digest: string }[] }).layers)
    expect((await fetch(`${running.url}/v2/placed/blobs/${digest}`)).status).toBe(200)
  expect(await running.stop()).toBe(0)
  const { data: directory } = running
  running = undefined
  return directory
}

function serving(data: string, env: Environment): Promise<CommandResult> {
  return attempt(bin, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { env })
}

/** Neither a server nor a command goes on, and both say all of these. */
async function expectRefusal(data: string, env: Environment, ...said: string[]): Promise<void> {
  const command = await attempt(bin, ['gc', '--data', data], { env })
  for (const { exitCode, stderr } of [await serving(data, env), command]) {
    expect(exitCode).toBe(1)
    for (const text of said) expect(stderr).toContain(text)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  }
}

describe('everything in one directory', () => {
  const env = { BERTH_METADATA_URL: '' }

  test('may be moved with all that lies in it, or with what its operator thinks of', async () => {
    const data = await serveOnce({ env })
    const identity = await readFile(join(data, 'identity'), 'utf8')
    const moved = join(await temporaryDirectory(), 'moved')
    await rename(data, moved)
    await serveOnce({ data: moved, env })
    expect(await readFile(join(moved, 'identity'), 'utf8')).toBe(identity)
    await rm(join(moved, 'identity'))
    await serveOnce({ data: moved, env })
    expect(await readFile(join(moved, 'identity'), 'utf8')).not.toBe(identity)
  }, 60_000)

  test('is a place of its own when it was restored, and when its database was made anew', async () => {
    const data = await serveOnce({ env })
    const [copy, restored] = [
      join(await temporaryDirectory(), 'copy'),
      join(await temporaryDirectory(), 'new'),
    ]
    for (const args of [
      ['backup', copy, '--data', data],
      ['restore', copy, '--data', restored],
      ['rebuild', '--yes', '--data', data],
    ])
      expect(await attempt(bin, args, { env })).toMatchObject({ exitCode: 0 })
    await serveOnce({ data, env })
    await serveOnce({ data: restored, env })
    expect(await readFile(join(restored, 'identity'), 'utf8')).not.toBe(
      await readFile(join(data, 'identity'), 'utf8'),
    )
  }, 60_000)
})

describe.skipIf(!requirePostgres('where blobs lie beside PostgreSQL'))('metadata in PostgreSQL', () => {
  test('is served with the directory that holds its blobs alone, or with where that was moved', async () => {
    const database = await makeDatabase(postgresServer ?? '')
    try {
      const env = { BERTH_METADATA_URL: database, BERTH_ACCESS_OPEN: 'true' }
      const data = await serveOnce({ env })
      const other = await serveOnce({ env: { BERTH_METADATA_URL: '' } })
      await rm(join(other, 'metadata.sqlite'))
      await rm(join(other, 'journal'), { recursive: true })
      await expectRefusal(other, env, data, other, 'where those of another registry lie', '--data')
      await rm(join(other, 'identity'))
      await expectRefusal(other, env, data, other, 'where none of them lie', join(other, 'identity'))
      const moved = join(await temporaryDirectory(), 'moved')
      await rename(data, moved)
      await serveOnce({ data: moved, env })
      const identity = await readFile(join(moved, 'identity'), 'utf8')
      await rm(join(moved, 'identity'))
      await expectRefusal(moved, env, `should lie in ${moved}`, 'is mounted', identity.trim())
      await writeFile(join(moved, 'identity'), identity)
      await serveOnce({ data: moved, env })
    } finally {
      await dropDatabase(database)
    }
  }, 120_000)

  test.skipIf(!requireS3('metadata in PostgreSQL, and blobs in a bucket'))(
    'is served with the bucket and prefix that hold its blobs alone',
    async () => {
      const database = await makeDatabase(postgresServer ?? '')
      try {
        const options = await testBucket()
        const own = { BERTH_METADATA_URL: database, BERTH_ACCESS_OPEN: 'true' }
        const env = { ...own, ...bucketEnvironment(options) }
        const data = await serveOnce({ env })
        const place = `s3://${options.bucket}/registry/`
        expect((await attempt(bin, ['gc', '--data', data], { env: own })).stderr).toContain(
          'storage.s3.bucket',
        )
        // With the directory that a server makes, the record is what tells.
        await serving(data, own)
        await expectRefusal(data, own, place, data, 'storage.s3.bucket')
        const prefix = { ...env, BERTH_STORAGE_S3_PREFIX: 'other/' }
        await expectRefusal(data, prefix, place, `s3://${options.bucket}/other/`, 'where none of them lie')
        await serveOnce({ data, env })
      } finally {
        await dropDatabase(database)
      }
    },
    120_000,
  )
})

describe.skipIf(!requireS3('metadata in a directory, and blobs in a bucket'))(
  'metadata in a directory, and blobs in a bucket',
  () => {
    test('are served together alone', async () => {
      const options = await testBucket()
      const env = { ...bucketEnvironment(options), BERTH_METADATA_URL: '' }
      const data = await serveOnce({ env })
      const place = `s3://${options.bucket}/registry/`
      const own = { BERTH_METADATA_URL: '' }
      await expectRefusal(data, own, place, data, 'storage.s3.bucket')
      const copying = await attempt(bin, ['backup', join(await temporaryDirectory(), 'b'), '--data', data], {
        env: own,
      })
      expect(copying).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(place) })
      const rebuilding = await attempt(bin, ['rebuild', '--yes', '--data', data], { env: own })
      expect(rebuilding).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(place) })
      const copy = await temporaryDirectory()
      for (const args of [['backup', join(copy, 'new')], ['rebuild'], ['restore', copy]]) {
        const refused = await attempt(bin, [...args, '--data', data], { env })
        expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('VACUUM INTO') })
      }
      await serveOnce({ data, env })
    }, 120_000)
  },
)
