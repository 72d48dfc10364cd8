import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import { blobUrl, bytesOf, manifestUrl, type PushedImage, pushBlob, pushImage } from '../support/push.ts'

const bin = `${import.meta.dir}/../../bin/berth`

const mediaType = 'application/vnd.oci.image.manifest.v1+json'
const headers = { 'Content-Type': mediaType }

async function tagsOf(remote: { url: string; repository: string }): Promise<string[]> {
  const answer = await fetch(`${remote.url}/v2/${remote.repository}/tags/list`)
  return ((await answer.json()) as { tags: string[] }).tags
}

/** Answers that refuse, as a client prints them: `409 DENIED: the tag …`. */
async function refusal(answer: Response): Promise<string> {
  const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] }
  return `${answer.status} ${errors.map(({ code, message }) => `${code}: ${message}`).join()}`
}

const why = '409 DENIED: the tag v1 is immutable here (setting tags.immutable): '
const moved = `${why}it can't be moved to another manifest; push under another tag`
const deleted = `${why}it can't be deleted, and neither can its manifest`

describe('an immutable tag', () => {
  let berth: RunningBerth
  let first: PushedImage
  let second: PushedImage
  const remote = () => ({ url: berth.url, repository: 'prod/app' })
  const put = (reference: string, image: PushedImage) =>
    fetch(manifestUrl(remote(), reference), { method: 'PUT', body: image.manifest, headers })

  beforeAll(async () => {
    berth = await startBerth({ args: ['--tags-immutable', 'prod/**:v*'] })
    second = await pushImage(remote(), { reference: 'other', content: 'second' })
    first = await pushImage(remote(), { reference: 'v1', content: 'first' })
  })
  afterAll(async () => {
    await berth.stop()
  })

  /** Whatever was refused, all is as it was. */
  async function unchanged() {
    expect(await tagsOf(remote())).toEqual(['other', 'v1'])
    const answer = await fetch(manifestUrl(remote(), 'v1'))
    expect(await answer.text()).toBe(first.manifest)
  }

  test('can be pushed again as it is, by its name and by digest', async () => {
    expect((await put('v1', first)).status).toBe(201)
    const answer = await put(`${first.digest}?tag=v1`, first)
    expect(answer.status).toBe(201)
    expect(answer.headers.get('oci-tag')).toBe('v1')
    await unchanged()
  })

  test('can not be pushed to another manifest, which a client can read', async () => {
    expect(await refusal(await put('v1', second))).toBe(moved)
    await unchanged()
  })

  test('can not be one of several tags of another manifest, of which then none is set', async () => {
    const third = { ...second, manifest: second.manifest.replace('{', '{ ') }
    const digest = `sha256:${new Bun.CryptoHasher('sha256').update(third.manifest).digest('hex')}`
    expect(await refusal(await put(`${digest}?tag=a&tag=v1&tag=z`, third))).toBe(moved)
    expect((await fetch(manifestUrl(remote(), digest))).status).toBe(404)
    await unchanged()
  })

  test('can not be deleted by its name, nor with its manifest', async () => {
    for (const reference of ['v1', first.digest]) {
      expect(await refusal(await fetch(manifestUrl(remote(), reference), { method: 'DELETE' }))).toBe(deleted)
      await unchanged()
    }
  })

  test('is not removed by retention, which says why', async () => {
    const dryRun = ['retention', '--data', berth.data, '--dry-run', '--rules', '** tags=none']
    const { stdout } = await attempt(bin, dryRun)
    expect(stdout).toMatch(/prod\/app +v1 +keep +rule 1: immutable: it matches v\*/)
    expect(stdout).toMatch(/prod\/app +other +remove/)
    await unchanged()
  })

  test('is one of the repositories that the pattern names, and elsewhere tags move', async () => {
    const elsewhere = { url: berth.url, repository: 'lab/app' }
    await pushImage(elsewhere, { reference: 'v1', content: 'first' })
    await pushImage(elsewhere, { reference: 'v1', content: 'second' })
    expect((await fetch(manifestUrl(elsewhere, 'v1'), { method: 'DELETE' })).status).toBe(202)
  })
})

describe('where deletion is switched off', () => {
  let berth: RunningBerth
  const remote = () => ({ url: berth.url, repository: 'app' })

  beforeAll(async () => {
    berth = await startBerth({
      args: ['--delete-enabled', 'false', '--retention-rules', '** newest=1', '--trash-retention', '0s'],
    })
  })
  afterAll(async () => {
    await berth.stop()
  })

  test('no client deletes a tag, a manifest or a blob, and each is told why', async () => {
    const { digest } = await pushImage(remote(), { reference: 'v1' })
    const unused = await pushBlob(remote(), bytesOf('no manifest uses it'))
    for (const url of [
      manifestUrl(remote(), 'v1'),
      manifestUrl(remote(), digest),
      manifestUrl(remote(), 'absent'),
      blobUrl(remote(), unused),
    ]) {
      expect(await refusal(await fetch(url, { method: 'DELETE' }))).toBe(
        '405 UNSUPPORTED: deletion is switched off in this registry (setting delete.enabled)',
      )
    }
    expect(await tagsOf(remote())).toEqual(['v1'])
    expect((await fetch(blobUrl(remote(), unused), { method: 'HEAD' })).status).toBe(200)
  })

  test('pushes go on, and an upload can be given up', async () => {
    await pushImage(remote(), { reference: 'v1', content: 'moved' })
    const opened = await fetch(`${berth.url}/v2/app/blobs/uploads/`, { method: 'POST' })
    const location = new URL(opened.headers.get('location') ?? '', berth.url)
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(204)
  })

  test('the operator’s rules hold all the same', async () => {
    await pushImage(remote(), { reference: 'v2', content: 'newer' })
    const { stdout, stderr } = await attempt(bin, ['retention', '--data', berth.data])
    expect(stderr).toBe('')
    expect(stdout).toStartWith(
      'Removed 1 tag, and 1 manifest with the last tag; 1 tag stayed, in 1 repository with a rule.',
    )
    expect(await tagsOf(remote())).toEqual(['v2'])
  })
})
