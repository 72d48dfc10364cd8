import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { removeDirectory, temporaryDirectory } from '../../support/berth.ts'
import { blobOf, type Blob as Content } from '../load/content.ts'
import { Random } from '../load/random.ts'
import { type Answer, ask } from '../load/requests.ts'
import { type Server, startServer } from '../server.ts'
import { digestOfObject, objectsInFiles } from '../stored-objects.ts'

const random = new Random(3)
let data: string
let server: Server

beforeEach(async () => {
  data = await temporaryDirectory()
  server = await start()
})

afterEach(async () => {
  await server.end('SIGTERM')
  await removeDirectory(data)
})

async function start(): Promise<Server> {
  const started = await startServer({ data })
  await started.answering()
  return started
}

async function restart(): Promise<void> {
  await server.end('SIGKILL')
  server = await start()
}

async function push({ digest, bytes }: Content): Promise<void> {
  const target = `${server.url}/v2/planted/blobs/uploads/?digest=${digest}`
  await ask(target, { method: 'POST', body: bytes, expect: [201] })
}

function get({ digest }: Content, expect: number[], headers: Record<string, string> = {}): Promise<Answer> {
  return ask(`${server.url}/v2/planted/blobs/${digest}`, { expect, headers })
}

async function fileOf({ digest }: Content): Promise<string> {
  const file = (await objectsInFiles(data).list()).find((key) => digestOfObject(key) === digest)
  if (!file) throw new Error(`nothing is stored of ${digest}`)
  return file
}

test('a half-written object that no table knows is never served, and no obstacle', async () => {
  const content = blobOf(random.bytes(50_000))
  const hex = content.digest.slice('sha256:'.length)
  const planted = join(data, 'blobs/sha256', hex.slice(0, 2), `${hex}.11111111-2222-3333-4444-555555555555`)
  await mkdir(dirname(planted), { recursive: true })
  await writeFile(planted, content.bytes.slice(0, 20_000))
  await writeFile(join(data, 'uploads/11111111-2222-3333-4444-555555555555'), content.bytes.slice(0, 20_000))
  await restart()
  await get(content, [404])
  const open = `${server.url}/v2/planted/blobs/uploads/11111111-2222-3333-4444-555555555555`
  await ask(open, { expect: [404] })
  await push(content)
  expect((await get(content, [200])).body).toEqual(content.bytes)
})

test('bytes behind the durable end of an upload are not part of it', async () => {
  const content = blobOf(random.bytes(50_000))
  const opened = await ask(`${server.url}/v2/planted/blobs/uploads/`, { method: 'POST', expect: [202] })
  const location = opened.headers.get('location') ?? ''
  await ask(server.url + location, { method: 'PATCH', body: content.bytes.slice(0, 20_000), expect: [202] })
  const file = join(data, 'uploads', location.slice(location.lastIndexOf('/') + 1))
  await writeFile(file, random.bytes(10_000), { flag: 'a' })
  await restart()
  const status = await ask(server.url + location, { expect: [204] })
  expect(status.headers.get('range')).toBe('0-19999')
  const rest = { method: 'PUT', body: content.bytes.slice(20_000), expect: [201] }
  await ask(`${server.url}${location}?digest=${content.digest}`, rest)
  expect((await get(content, [200])).body).toEqual(content.bytes)
})

test('an upload whose bytes are gone is refused clearly, and its content can be pushed anew', async () => {
  const content = blobOf(random.bytes(50_000))
  const opened = await ask(`${server.url}/v2/planted/blobs/uploads/`, { method: 'POST', expect: [202] })
  const location = opened.headers.get('location') ?? ''
  await ask(server.url + location, { method: 'PATCH', body: content.bytes.slice(0, 20_000), expect: [202] })
  await rm(join(data, 'uploads', location.slice(location.lastIndexOf('/') + 1)))
  await restart()
  const rest = { method: 'PUT', body: content.bytes.slice(20_000), expect: [404] }
  await ask(`${server.url}${location}?digest=${content.digest}`, rest)
  await push(content)
  expect((await get(content, [200])).body).toEqual(content.bytes)
})

test.each([
  ['cut short', (file: string) => truncate(file, 20_000)],
  ['emptied', (file: string) => truncate(file, 0)],
  ['gone', (file: string) => rm(file)],
  [
    'a directory',
    async (file: string) => {
      await rm(file)
      await mkdir(file)
    },
  ],
])(
  'an object that is %s is a clear error, and never served in part as if it were whole',
  async (_, damage) => {
    const content = blobOf(random.bytes(50_000))
    await push(content)
    await damage(await fileOf(content))
    await ask(`${server.url}/v2/planted/blobs/${content.digest}`, { method: 'HEAD', expect: [404] })
    await get(content, [404])
    await get(content, [404], { Range: 'bytes=10000-39999' })
    // The rest of the registry does not mind.
    const other = blobOf(random.bytes(1000))
    await push(other)
    expect((await get(other, [200])).body).toEqual(other.bytes)
  },
)

test('a database that was cut short stops the start, with its name in the message', async () => {
  await push(blobOf(random.bytes(1000)))
  await server.end('SIGTERM')
  await truncate(join(data, 'metadata.sqlite'), 10_000)
  const broken = await startServer({ data })
  const failure = await broken.answering().then(
    () => undefined,
    (error: Error) => error,
  )
  await broken.end('SIGKILL')
  expect(failure?.message).toContain('metadata.sqlite')
})
