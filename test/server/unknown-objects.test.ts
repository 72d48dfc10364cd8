import { expect, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestOf, hexOf } from '../../src/oci/digest.ts'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import { verify } from '../support/damage.ts'
import { blobUrl, bytesOf, manifestUrl, openUpload, pushBlob, pushImage } from '../support/push.ts'

const bin = join(import.meta.dir, '../../bin/berth')

async function plant(data: string, name: string): Promise<void> {
  const path = join(data, name)
  await mkdir(dirname(path), { recursive: true })
  await Bun.write(path, 'half-writ')
}

test('files that nobody knows are told, and removed only when that is asked for', async () => {
  const berth = await startBerth({ args: ['--gc-keep-objects', '0s'] })
  const remote = { url: berth.url, repository: 'app' }
  await pushImage(remote, { reference: '1.0' })
  // Both are known, though no blob yet: an open upload, and one that was begun.
  await fetch(await openUpload(remote), { method: 'PATCH', body: 'some bytes' })
  await openUpload(remote)
  const hex = hexOf(digestOf(bytesOf('never pushed')))
  const ours = [`blobs/sha256/${hex.slice(0, 2)}/${hex}.some-id`, 'uploads/0b5bf1b4-planted']
  const foreign = ['blobs/sha256/README.txt', 'uploads/.hidden', `blobs/sha256/${hex.slice(0, 2)}/${hex}`]
  for (const name of [...ours, ...foreign]) await plant(berth.data, name)

  const { exitCode, report } = await verify(berth.data)
  expect(exitCode).toBe(1)
  const found = report.findings.flatMap((each) => (each.kind === 'unknown' ? [each] : []))
  expect(report.findings).toHaveLength(5)
  expect(found.map(({ name, size, fate }) => ({ name, size, fate })).toSorted(byName)).toEqual(
    [
      ...ours.map((name) => ({ name, size: 9, fate: 'kept' as const })),
      ...foreign.map((name) => ({ name, size: 9, fate: 'foreign' as const })),
    ].toSorted(byName),
  )

  const young = await verify(berth.data, '--remove-unknown')
  expect(
    young.report.findings.filter((each) => each.kind === 'unknown' && each.fate === 'too-young'),
  ).toHaveLength(2)
  await Bun.sleep(1500)
  for (const name of [...ours, ...foreign]) expect(await Bun.file(join(berth.data, name)).exists()).toBe(true)

  const removing = await verify(berth.data, '--remove-unknown', '--older-than', '0s')
  expect(
    removing.report.findings.filter((each) => each.kind === 'unknown' && each.fate === 'to-be-removed'),
  ).toHaveLength(2)
  await gone(ours.map((name) => join(berth.data, name)))
  const left = await verify(berth.data)
  expect(left.report.findings.map((each) => each.kind === 'unknown' && each.fate)).toEqual([
    'foreign',
    'foreign',
    'foreign',
  ])
  await berth.stop()
})

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

async function gone(paths: readonly string[]): Promise<void> {
  const deadline = Date.now() + 10_000
  for (const path of paths) {
    while (await Bun.file(path).exists()) {
      if (Date.now() > deadline) throw new Error(`${path} is still there`)
      await Bun.sleep(50)
    }
  }
}

test('nothing is found beside pushes and deletions that go on', async () => {
  const berth = await startBerth({
    args: [
      '--gc-grace',
      '100ms',
      '--gc-interval',
      '200ms',
      '--gc-keep-objects',
      '0s',
      '--trash-retention',
      '0s',
    ],
  })
  let [stopped, pushes] = [false, 0]
  const push = async (worker: number) => {
    const remote = { url: berth.url, repository: `busy/${worker}` }
    for (let round = 0; !stopped; round += 1) {
      const content = `${worker} ${round} `.repeat(1 + (round % 7) * 3000)
      const { digest } = await pushImage(remote, { content, reference: `v${round}` }).catch(() => ({
        digest: '',
      }))
      const location = await openUpload(remote)
      await fetch(location, { method: 'PATCH', body: content })
      await fetch(location, { method: 'DELETE' })
      if (digest && round % 2 === 0) await fetch(manifestUrl(remote, digest), { method: 'DELETE' })
      pushes += 1
    }
  }
  const pushing = [1, 2, 3].map(push)
  let objects = 0
  for (let run = 0; run < 6; run += 1) {
    const { exitCode, report } = await verify(berth.data)
    expect({ exitCode, findings: report.findings }).toEqual({ exitCode: 0, findings: [] })
    objects += report.checked.stored ?? 0
  }
  stopped = true
  await Promise.all(pushing)
  expect(pushes).toBeGreaterThan(20)
  expect(objects).toBeGreaterThan(20)
  await berth.stop()
})

test('a server that is stopped does not matter', async () => {
  const berth = await startBerth()
  const content = bytesOf('pulled later')
  await pushBlob({ url: berth.url, repository: 'app' }, content)
  await berth.stop()
  expect(await verify(berth.data)).toMatchObject({ exitCode: 0, report: { checked: { blobs: 1 } } })
  const again = await startBerth({ data: berth.data })
  const pull = await fetch(blobUrl({ url: again.url, repository: 'app' }, digestOf(content)))
  expect(await pull.text()).toBe('pulled later')
  await again.stop()
})

test('what can’t be meant is said before anything is read', async () => {
  const data = await temporaryDirectory()
  const cases: [args: string[], exitCode: number, words: string][] = [
    [['--data', data], 1, 'there is no registry in'],
    [['--rate', 'fast'], 2, '--rate is a size'],
    [['--rate', '0'], 2, 'more than nothing'],
    [['--repository', 'Not/A/Name'], 2, '--repository'],
    [['--remove-unknown', '--no-quarantine'], 2, 'one of them'],
    [['--remove-unknown', '--repository', 'app'], 2, '--repository'],
    [['--remove-unknown', '--older-than', 'soon'], 2, '--older-than'],
    [['--output', 'xml'], 2, '--output'],
    [['app'], 2, 'one argument too many'],
  ]
  for (const [args, exitCode, words] of cases) {
    const outcome = await attempt(bin, ['verify', ...args])
    expect({ args, exitCode: outcome.exitCode }).toEqual({ args, exitCode })
    expect(outcome.stderr).toContain(words)
  }
})

test('a repository that is not there is not taken for a sound one', async () => {
  const berth = await startBerth()
  const outcome = await attempt(bin, ['verify', '--data', berth.data, '--repository', 'team/typo'])
  expect(outcome.exitCode).toBe(1)
  expect(outcome.stderr).toContain('no repository team/typo')
  await berth.stop()
})
