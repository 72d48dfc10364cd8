import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { freePort, startBerth, temporaryDirectory } from '../support/berth.ts'
import { blobUrl, bytesOf, openUpload, pushBlob, pushImage } from '../support/push.ts'

const bin = `${import.meta.dir}/../../bin/berth`

test('says on its first lines where it serves, where the data lies, who may push and what to type', async () => {
  const berth = await startBerth()
  await Bun.sleep(50)
  const [serves, data, access, next] = berth.output().split('\n')
  expect(serves).toContain(`http://127.0.0.1:${berth.port}`)
  expect(data).toContain(berth.data)
  expect(access).toContain('open')
  expect(next).toContain(`docker push localhost:${berth.port}/IMAGE`)
  await berth.stop()
})

test('lets a transfer finish after SIGTERM, and ends with 0', async () => {
  const berth = await startBerth()
  const remote = { url: berth.url, repository: 'drained' }
  const location = await openUpload(remote)
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const body = new ReadableStream({
    async start(stream) {
      stream.enqueue(bytesOf('first half, '))
      await gate
      stream.enqueue(bytesOf('second half'))
      stream.close()
    },
  })
  const whole = bytesOf('first half, second half')
  const upload = fetch(`${location}?digest=${digestOf(whole)}`, { method: 'PUT', body })
  await Bun.sleep(200)
  const ended = berth.stop('SIGTERM')
  await Bun.sleep(300)
  expect(berth.process.exitCode).toBeNull()
  release()
  expect((await upload).status).toBe(201)
  expect(await ended).toBe(0)
})

test('cuts transfers off when the time to drain is over', async () => {
  const berth = await startBerth({ args: ['--shutdown-drain', '500ms'] })
  const location = await openUpload({ url: berth.url, repository: 'cut' })
  const body = new ReadableStream({ start: (stream) => stream.enqueue(bytesOf('never finished')) })
  const upload = fetch(location, { method: 'PATCH', body }).catch(() => 'cut off')
  await Bun.sleep(200)
  expect(await berth.stop('SIGTERM')).toBe(0)
  expect(await upload).toBe('cut off')
  expect(berth.output()).toContain('cut off')
})

test('ends at once on the second SIGTERM', async () => {
  const berth = await startBerth()
  const location = await openUpload({ url: berth.url, repository: 'forced' })
  const body = new ReadableStream({ start: (stream) => stream.enqueue(bytesOf('never finished')) })
  void fetch(location, { method: 'PATCH', body }).catch(() => undefined)
  await Bun.sleep(200)
  berth.process.kill('SIGTERM')
  await Bun.sleep(200)
  const started = Date.now()
  expect(await berth.stop('SIGTERM')).toBe(1)
  expect(Date.now() - started).toBeLessThan(5000)
})

test('has everything that was acknowledged after SIGKILL', async () => {
  let berth = await startBerth()
  const { data, port } = berth
  const images = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      pushImage(
        { url: berth.url, repository: 'kept' },
        { reference: `v${index}`, content: `layer ${index}` },
      ),
    ),
  )
  await berth.stop('SIGKILL')
  berth = await startBerth({ data, port })
  for (const [index, { digest, manifest }] of images.entries()) {
    const answer = await fetch(`${berth.url}/v2/kept/manifests/v${index}`)
    expect(answer.headers.get('docker-content-digest')).toBe(digest)
    expect(await answer.text()).toBe(manifest)
    const layer = digestOf(bytesOf(`layer ${index}`))
    expect(await (await fetch(blobUrl({ url: berth.url, repository: 'kept' }, layer))).text()).toBe(
      `layer ${index}`,
    )
  }
  await berth.stop()
})

test('a port that is taken is a clear error', async () => {
  const berth = await startBerth()
  const data = await temporaryDirectory()
  const second = Bun.spawnSync([bin, 'serve', '--listen', `127.0.0.1:${berth.port}`, '--data', data])
  expect(second.exitCode).toBe(1)
  expect(second.stderr.toString()).toContain('something else listens there')
  await berth.stop()
})

test('a wrong setting is named, with what is allowed, and the exit code says wrong usage', async () => {
  const cases: [args: string[], env: Record<string, string>, words: string[]][] = [
    [['--gc-grace', 'soon'], {}, ['--gc-grace', '"soon"', 'duration']],
    [['--nonsense'], {}, ['--nonsense']],
    [[], { BERTH_LOG_LEVEL: 'loud' }, ['BERTH_LOG_LEVEL', 'one of debug, info']],
    [[], { BERTH_GC_GRASE: '1h' }, ['BERTH_GC_GRASE', 'BERTH_GC_GRACE']],
    [['--config', '/nowhere.yaml'], {}, ['/nowhere.yaml']],
  ]
  for (const [args, env, words] of cases) {
    const run = Bun.spawnSync([bin, 'serve', ...args], { env: { ...process.env, ...env } })
    expect(run.exitCode).toBe(2)
    for (const word of words) expect(run.stderr.toString()).toContain(word)
  }
})

test('listens on several addresses', async () => {
  const second = await freePort()
  const berth = await startBerth({ args: ['--listen', `localhost:${second}`] })
  expect((await fetch(`http://localhost:${second}/v2/`)).status).toBe(200)
  expect((await fetch(`${berth.url}/v2/`)).status).toBe(200)
  await berth.stop()
})

test('an object that is gone from the storage is a clean 404', async () => {
  const berth = await startBerth({ args: ['--storage-cache', '0'] })
  const remote = { url: berth.url, repository: 'lost' }
  const digest = await pushBlob(remote, bytesOf('to be lost'))
  Bun.spawnSync(['find', `${berth.data}/blobs`, '-type', 'f', '-delete'])
  for (const method of ['GET', 'HEAD']) {
    const answer = await fetch(blobUrl(remote, digest), { method })
    expect(answer.status).toBe(404)
    if (method === 'GET') expect(await answer.json()).toMatchObject({ errors: [{ code: 'BLOB_UNKNOWN' }] })
  }
  await pushBlob(remote, bytesOf('something else'))
  await berth.stop()
})

test('what it stores is for its own user alone', async () => {
  const data = join(await temporaryDirectory(), 'data')
  const berth = await startBerth({ data })
  await pushImage({ url: berth.url, repository: 'private' })
  const modes = Bun.spawnSync([
    'stat',
    '-c',
    '%a',
    data,
    `${data}/metadata.sqlite`,
    `${data}/metadata.sqlite-wal`,
    `${data}/lock`,
  ])
  expect(modes.stdout.toString()).toBe('700\n600\n600\n600\n')
  await berth.stop()
})
