import { describe, expect, test } from 'bun:test'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import { run } from '../support/command.ts'
import {
  berthExecutable,
  expectMoved,
  type MigrationTargets,
  makeTargets,
  migrateCommand,
  requireTargets,
} from '../support/migration.ts'
import { administer } from '../support/postgres.ts'
import { pushBlob, pushImage } from '../support/push.ts'
import { bucketContents } from '../support/s3.ts'
import { servedImage } from '../support/served-image.ts'
import { knownObjects } from '../support/stored-objects.ts'

const kills = 20
const able = requireTargets('killing a move to PostgreSQL and S3')

async function pushSome(berth: RunningBerth, numbers: readonly number[]): Promise<void> {
  for (const number of numbers)
    await pushImage(
      { url: berth.url, repository: `team${number % 5}/app` },
      { reference: `v${number}`, content: `layer ${number} ${'x'.repeat((number % 10) * 20_000)}` },
    )
}

async function expectWhole(berth: RunningBerth, targets: MigrationTargets): Promise<void> {
  await expectMoved(berth.data, targets.database)
  const { objects, begun } = await bucketContents(targets.bucket)
  const { prefix } = targets.bucket
  expect(objects.filter((key) => key.startsWith(`${prefix}blobs/`))).toEqual(
    knownObjects(berth.data).map((key) => prefix + key),
  )
  expect(begun).toEqual([])
}

describe.skipIf(!able)('a migration that is interrupted', () => {
  test('by kills, again and again, with pushes in between, ends whole', async () => {
    const berth = await startBerth()
    let pushed = 60
    await pushSome(
      berth,
      Array.from({ length: pushed }, (_, number) => number),
    )
    for (let large = 0; large < 3; large += 1)
      await pushBlob(
        { url: berth.url, repository: 'large/one' },
        new Uint8Array(11_000_000 + large).fill(large),
      )
    let targets = await makeTargets()
    let longest = 2500
    for (let hits = 0; hits < kills; ) {
      const started = performance.now()
      const child = Bun.spawn([berthExecutable, 'migrate', '--data', berth.data, ...targets.flags], {
        env: { ...process.env, ...targets.credentials },
        stdout: 'ignore',
        stderr: 'pipe',
      })
      await Promise.race([child.exited, Bun.sleep(150 + Math.random() * longest)])
      const running = child.exitCode === null
      child.kill('SIGKILL')
      await child.exited
      if (running) hits += 1
      else {
        const said = await child.stderr.text()
        // The one before was killed when all was there, and images were pushed to the source since: that is told.
        const stale = said.includes('and took writes here since')
        // Or this one was done before the kill.
        if (!stale) {
          expect([child.exitCode, said]).toEqual([0, ''])
          await expectWhole(berth, targets)
          longest = Math.max(300, performance.now() - started)
        }
        await targets[Symbol.asyncDispose]()
        targets = await makeTargets()
      }
      if (running && hits % 3 === 0) continue
      await run(berthExecutable, ['read-only', 'off', '--data', berth.data])
      await pushSome(berth, [pushed])
      pushed += 1
    }
    let last = await migrateCommand(berth.data, targets.flags, targets.credentials)
    if (last.stderr.includes('and took writes here since')) {
      await targets[Symbol.asyncDispose]()
      targets = await makeTargets()
      last = await migrateCommand(berth.data, targets.flags, targets.credentials)
    }
    expect([last.exitCode, last.stderr]).toEqual([0, ''])
    await expectWhole(berth, targets)
    const moved = await startBerth({ env: targets.environment })
    for (let number = 0; number < pushed; number += 1)
      await servedImage(moved.url, { repository: `team${number % 5}/app`, reference: `v${number}` })
    await moved.stop()
    await berth.stop()
    await targets[Symbol.asyncDispose]()
  })

  test('by a database that drops it says so, and goes on when it is asked again', async () => {
    const berth = await startBerth()
    await using targets = await makeTargets()
    await pushSome(
      berth,
      Array.from({ length: 40 }, (_, number) => number),
    )
    const name = new URL(targets.database).pathname.slice(1)
    let dropped = 0
    for (let attempts = 0; dropped < 3 && attempts < 20; attempts += 1) {
      const migrating = migrateCommand(berth.data, targets.flags, targets.credentials)
      const state = { done: false }
      void migrating.finally(() => {
        state.done = true
      })
      while (!state.done) {
        await administer(
          targets.database,
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = '${name}' and pid <> pg_backend_pid() and query like 'insert into%'`,
        )
      }
      const { exitCode, stderr } = await migrating
      if (exitCode === 0) break
      expect(stderr).toContain('the same command goes on from here')
      dropped += 1
    }
    expect(dropped).toBeGreaterThan(0)
    const last = await migrateCommand(berth.data, targets.flags, targets.credentials)
    expect([last.exitCode, last.stderr]).toEqual([0, ''])
    await expectWhole(berth, targets)
    await berth.stop()
  })
})
