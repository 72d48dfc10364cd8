import { expect, test } from 'bun:test'
import * as answers from '../../src/http/management/answers.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { startBerth } from '../support/berth.ts'
import { ask, pulled, startFilled, teamApp } from '../support/management.ts'
import { blobUrl, bytesOf, pushImage } from '../support/push.ts'

/** Servers that share a registry are told apart. */
const runner = process.env.BERTH_TEST_METADATA === 'postgres' ? expect.stringMatching(/^.+:\d+$/) : 'server'

test('lists repositories page by page, and shows what each holds', async () => {
  const { berth, second } = await startFilled()
  for (const repository of ['a', 'b', 'c']) await pushImage({ url: berth.url, repository })
  const first = await ask(berth.url, 'GET', '/repositories?limit=2')
  answers.repositories.parse(first.body)
  expect(first.body.repositories.map(({ name }: { name: string }) => name)).toEqual(['a', 'b'])
  const rest = await ask(berth.url, 'GET', `/repositories?limit=2&after=${first.body.next}`)
  expect(rest.body.repositories.map(({ name }: { name: string }) => name)).toEqual(['c', 'team/app'])
  expect(rest.body.next).toBeNull()

  const { body } = await ask(berth.url, 'GET', teamApp)
  answers.repository.parse(body)
  expect(body).toMatchObject({ name: 'team/app', tags: 2, manifests: 2, blobs: 3, bytes: 2 + 3 + 3 })
  expect(Math.abs(Date.parse(body.lastPush) - Date.now())).toBeLessThan(60_000)

  const tags = await ask(berth.url, 'GET', `${teamApp}/tags?limit=1`)
  answers.tags.parse(tags.body)
  expect(tags.body).toMatchObject({
    tags: [
      { tag: 'latest', digest: second.digest, size: 5, mediaType: expect.stringContaining('oci.image') },
    ],
    next: 'latest',
  })
  await berth.stop()
})

test('a deleted repository is gone at once, and comes back as it was', async () => {
  const { berth, first, second } = await startFilled()
  const { status, body } = await ask(berth.url, 'DELETE', teamApp)
  answers.deletedRepository.parse(body)
  expect([status, body]).toMatchObject([200, { repository: 'team/app', manifests: 2, tags: 2 }])
  expect(await pulled(berth.url, 'v1')).toBe(404)
  expect((await ask(berth.url, 'GET', teamApp)).status).toBe(404)

  const listed = await ask(berth.url, 'GET', '/trash?repository=team/app')
  answers.trashItems.parse(listed.body)
  expect(listed.body.trash).toMatchObject([
    { id: body.trash, kind: 'repository', manifests: 2, tags: ['latest', 'v1'], tagCount: 2 },
  ])
  const [item] = listed.body.trash
  expect(Date.parse(item.expiresAt) - Date.parse(item.deletedAt)).toBe(7 * 86_400_000)

  const restored = await ask(berth.url, 'POST', `/trash/${body.trash}/restore`, {})
  answers.restored.parse(restored.body)
  expect(restored.body).toMatchObject({ repository: 'team/app', manifests: 2, tags: 2, missing: [] })
  expect(await pulled(berth.url, 'v1')).toBe(first.digest)
  expect(await pulled(berth.url, 'latest')).toBe(second.digest)
  const layer = await fetch(blobUrl({ url: berth.url, repository: 'team/app' }, digestOf(bytesOf('two'))))
  expect(await layer.text()).toBe('two')
  expect((await ask(berth.url, 'GET', '/trash')).body.trash).toEqual([])
  await berth.stop()
})

test('tags and manifests go and come back, also to another name', async () => {
  const { berth, first, second } = await startFilled()
  const tag = await ask(berth.url, 'DELETE', `${teamApp}/tags/v1`)
  answers.deleted.parse(tag.body)
  expect(await pulled(berth.url, 'v1')).toBe(404)
  expect(await pulled(berth.url, first.digest)).toBe(first.digest)
  await ask(berth.url, 'POST', `/trash/${tag.body.trash}/restore`, { tag: 'old' })
  expect(await pulled(berth.url, 'old')).toBe(first.digest)

  const manifest = await ask(berth.url, 'DELETE', `${teamApp}/manifests/${second.digest}`)
  expect(await pulled(berth.url, 'latest')).toBe(404)
  await pushImage({ url: berth.url, repository: 'team/app' }, { reference: 'latest', content: 'three' })
  const taken = await ask(berth.url, 'POST', `/trash/${manifest.body.trash}/restore`, {})
  expect([taken.status, taken.body.errors[0].code]).toEqual([409, 'TAG_TAKEN'])
  const elsewhere = await ask(berth.url, 'POST', `/trash/${manifest.body.trash}/restore`, {
    repository: 'team/rescued',
  })
  expect(elsewhere.body).toMatchObject({ repository: 'team/rescued', manifests: 1, tags: 1 })
  expect(await pulled(berth.url, 'latest', 'team/rescued')).toBe(second.digest)
  await berth.stop()
})

test('the history tells each move, a time what was there, and a tag is put back', async () => {
  const { berth, first, second } = await startFilled()
  const history = await ask(berth.url, 'GET', `${teamApp}/tags/latest/history`)
  answers.history.parse(history.body)
  const [latest, earlier] = history.body.moves
  expect(history.body.moves).toMatchObject([
    { digest: second.digest, caller: 'anonymous' },
    { digest: first.digest, caller: 'anonymous' },
  ])
  const at = async (time: string) =>
    (await ask(berth.url, 'GET', `${teamApp}/tags/latest?at=${encodeURIComponent(time)}`)).body
  answers.resolved.parse(await at(latest.at))
  expect(await at(latest.at)).toMatchObject({ digest: second.digest, manifest: 'there' })
  expect((await at(earlier.at)).digest).toBe(first.digest)
  expect((await at('0s')).digest).toBe(second.digest)
  expect((await at('1h')).errors[0].message).toContain('was not there yet')

  const put = await ask(berth.url, 'POST', `${teamApp}/tags/latest/restore`, {})
  answers.restoredTag.parse(put.body)
  expect(put.body).toMatchObject({ digest: first.digest, before: second.digest })
  expect(await pulled(berth.url, 'latest')).toBe(first.digest)
  await ask(berth.url, 'POST', `${teamApp}/tags/latest/restore`, { digest: second.digest })
  expect(await pulled(berth.url, 'latest')).toBe(second.digest)
  await ask(berth.url, 'POST', `${teamApp}/tags/latest/restore`, { at: earlier.at })
  expect(await pulled(berth.url, 'latest')).toBe(first.digest)
  await berth.stop()
})

test('what is purged, or emptied out of the trash, can not be taken back', async () => {
  const { berth, first, second } = await startFilled()
  const purged = await ask(berth.url, 'DELETE', `${teamApp}/manifests/${first.digest}?purge=true`)
  expect(purged.body).toEqual({ trash: null })
  const deleted = await ask(berth.url, 'DELETE', `${teamApp}/manifests/${second.digest}`)
  const emptied = await ask(berth.url, 'DELETE', `/trash/${deleted.body.trash}`)
  answers.emptied.parse(emptied.body)
  expect((await ask(berth.url, 'POST', `/trash/${deleted.body.trash}/restore`, {})).status).toBe(404)
  for (const repository of ['x', 'y']) {
    await pushImage({ url: berth.url, repository })
    await ask(berth.url, 'DELETE', `/repositories/${repository}`)
  }
  expect((await ask(berth.url, 'DELETE', '/trash?repository=x')).body).toEqual({ emptied: 1 })
  expect((await ask(berth.url, 'DELETE', '/trash')).body).toEqual({ emptied: 1 })
  expect((await ask(berth.url, 'GET', '/trash')).body.trash).toEqual([])
  await berth.stop()
})

test('without retention nothing goes into the trash', async () => {
  const { berth } = await startFilled(['--trash-retention', '0s'])
  expect((await ask(berth.url, 'DELETE', teamApp)).body).toMatchObject({ trash: null, manifests: 2 })
  expect((await ask(berth.url, 'GET', '/trash')).body.trash).toEqual([])
  await berth.stop()
})

test('trash is emptied by itself when its retention ends', async () => {
  const { berth } = await startFilled(['--trash-retention', '1s', '--gc-interval', '200ms'])
  const { body } = await ask(berth.url, 'DELETE', teamApp)
  expect((await ask(berth.url, 'GET', '/trash')).body.trash).toHaveLength(1)
  const deadline = Date.now() + 10_000
  while ((await ask(berth.url, 'GET', '/trash')).body.trash.length > 0) {
    if (Date.now() > deadline) throw new Error('the trash was not emptied')
    await Bun.sleep(50)
  }
  expect((await ask(berth.url, 'POST', `/trash/${body.trash}/restore`, {})).status).toBe(404)
  const runs = await ask(berth.url, 'GET', '/gc/runs')
  answers.runs.parse(runs.body)
  expect(runs.body.runs[0]).toMatchObject({ runner, startedAt: expect.any(String) })
  await berth.stop()
})

test('a run of the collector is started on request, and its result stands among the runs', async () => {
  const { berth } = await startFilled(['--trash-retention', '0s', '--gc-grace', '0s', '--gc-interval', '1h'])
  await ask(berth.url, 'DELETE', teamApp)
  expect((await ask(berth.url, 'GET', '/gc/runs')).body.runs).toEqual([])
  expect((await ask(berth.url, 'POST', '/gc', {})).body).toEqual({ started: true })
  const deadline = Date.now() + 10_000
  let runs: unknown[] = []
  while (runs.length === 0) {
    if (Date.now() > deadline) throw new Error('no run came to an end')
    await Bun.sleep(20)
    runs = (await ask(berth.url, 'GET', '/gc/runs')).body.runs
  }
  expect(runs).toEqual([expect.objectContaining({ runner, links: 3 })])
  await berth.stop()
})

test('read-only refuses every write but its own switch, and holds over a restart', async () => {
  const { berth: before, first } = await startFilled()
  let berth = before
  const { trash } = (await ask(berth.url, 'DELETE', `${teamApp}/tags/v1`)).body
  const on = await ask(berth.url, 'PUT', '/read-only', { readOnly: true })
  answers.readOnly.parse(on.body)
  expect(on.body).toMatchObject({ readOnly: true, setting: false, switched: { by: 'anonymous' } })
  const writes: [method: string, path: string, body?: object][] = [
    ['DELETE', teamApp],
    ['DELETE', `${teamApp}/tags/latest`],
    ['DELETE', `${teamApp}/manifests/${first.digest}`],
    ['POST', `${teamApp}/tags/latest/restore`, {}],
    ['POST', `/trash/${trash}/restore`, {}],
    ['DELETE', `/trash/${trash}`],
    ['DELETE', '/trash'],
    ['POST', '/gc', {}],
  ]
  for (const [method, path, body] of writes) {
    const refused = await ask(berth.url, method, path, body)
    expect([path, refused.status, refused.headers.get('retry-after')]).toEqual([path, 503, '30'])
  }
  await berth.stop()
  berth = await startBerth({ data: before.data, args: ['--log-level', 'error'] })
  expect((await ask(berth.url, 'DELETE', teamApp)).status).toBe(503)
  expect((await ask(berth.url, 'GET', teamApp)).body).toMatchObject({ manifests: 2, tags: 1 })
  expect((await ask(berth.url, 'PUT', '/read-only', { readOnly: false })).body).toEqual({
    readOnly: false,
    setting: false,
    switched: null,
  })
  expect((await ask(berth.url, 'POST', `/trash/${trash}/restore`, {})).status).toBe(200)
  await berth.stop()
})
