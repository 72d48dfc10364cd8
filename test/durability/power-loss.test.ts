import { beforeAll, describe, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporaryDirectory } from '../support/berth.ts'
import { blobOf, type Blob as Content, type Manifest, newImage } from './load/content.ts'
import { Random } from './load/random.ts'
import { ask } from './load/requests.ts'
import {
  before,
  type Call,
  isCreation,
  isMkdir,
  isRename,
  isSync,
  isWrite,
  pathOf,
  targetOf,
} from './trace/calls.ts'
import { canTrace, startTracedServer } from './trace/traced-server.ts'

const random = new Random(20)
const contents = {
  single: blobOf(random.bytes(70_000)),
  monolithic: blobOf(random.bytes(70_000)),
  chunked: blobOf(random.bytes(70_000)),
  streamed: blobOf(random.bytes(70_000)),
}
type Way = keyof typeof contents
const ways = Object.keys(contents) as readonly Way[]
const image = newImage({ name: 'traced', layers: Object.values(contents) })

describe.skipIf(!(await canTrace()))('when the power goes after an answer', () => {
  let data: string
  let calls: readonly Call[]

  beforeAll(async () => {
    // Two directories that are not there yet.
    data = join(await temporaryDirectory(), 'new/data')
    const traced = await startTracedServer(data)
    const { url } = traced.server
    await pushInOneRequest(url, contents.single)
    await pushAtOnce(url, contents.monolithic)
    await pushInChunks(url, contents.chunked, { lastWithPut: true })
    await pushInChunks(url, contents.streamed, { lastWithPut: false })
    for (const blob of image.blobs.slice(0, 1)) await pushInOneRequest(url, blob)
    await put(url, image)
    await ask(`${url}/v2/traced/manifests/latest`, { method: 'DELETE', expect: [202] })
    calls = await traced.calls()
  }, 60_000)

  test('the trace shows all that the server did', () => {
    expect(calls.filter(({ name }) => name === 'io_uring_enter')).toEqual([])
    expect(calls.filter(isCreated201)).toHaveLength(ways.length + 2)
  })

  test.each(ways)('the bytes of a %s push were synced, then their name, then the commit', async (way) => {
    const object = await objectOf(data, contents[way])
    const answer = answerTo(requestThatEnds(contents[way]))
    const renamed = calls.find((call) => isRename(call) && targetOf(call) === object)
    const written = renamed ? pathOf(renamed) : object
    const created = only(calls.filter((call) => isCreation(call) && pathOf(call) === written)[0])
    const writes = calls.filter((call) => isWrite(call) && pathOf(call) === written)
    const lastWrite = only(writes.at(-1))
    const synced = only(
      calls.find((call) => isSync(call) && pathOf(call) === written && before(lastWrite, call)),
    )
    const named = renamed ?? created
    if (renamed) expect(before(synced, renamed)).toBe(true)
    const directory = only(
      calls.find(
        (call) =>
          isSync(call) && pathOf(call) === dirname(object) && before(named, call) && before(synced, call),
      ),
    )
    const commit = commitBefore(answer)
    for (const write of commit.writes) expect(before(directory, write)).toBe(true)
    expect(before(commit.synced, answer)).toBe(true)
  })

  test('a chunk was durable with its name before it was acknowledged', () => {
    const patches = calls.filter(({ args }) => args.includes('"PATCH /v2/traced/'))
    expect(patches.length).toBeGreaterThan(2)
    for (const patch of patches) {
      const answer = answerTo(patch)
      const upload = only(
        calls
          .filter(
            (call) => isWrite(call) && pathOf(call)?.startsWith(`${data}/uploads/`) && before(call, answer),
          )
          .at(-1),
      )
      const synced = only(
        calls.find((call) => isSync(call) && pathOf(call) === pathOf(upload) && before(upload, call)),
      )
      const named = only(
        calls.find((call) => isSync(call) && pathOf(call) === `${data}/uploads` && before(synced, call)),
      )
      // The lease that the request began with need not be synced: what it wrote comes along.
      const commit = commitBefore(answer)
      expect(before(named, only(commit.writes.at(-1)))).toBe(true)
      expect(before(commit.synced, answer)).toBe(true)
    }
  })

  test.each(['PUT', 'DELETE'])(
    'a manifest’s %s was committed and synced before it was acknowledged',
    (method) => {
      const request = only(calls.find(({ args }) => args.includes(`"${method} /v2/traced/manifests/latest`)))
      const answer = answerTo(request)
      const { writes, synced } = commitBefore(answer)
      for (const write of writes) expect(before(request, write)).toBe(true)
      expect(before(synced, answer)).toBe(true)
    },
  )

  test('every directory was synced into its parent before the next answer', () => {
    const made = calls.filter((call) => isMkdir(call) && pathOf(call)?.startsWith(dirname(data)))
    const names = made.map((call) => pathOf(call))
    const needed = [
      dirname(data),
      data,
      join(data, 'blobs'),
      join(data, 'blobs/sha256'),
      join(data, 'uploads'),
    ]
    expect(names).toEqual(expect.arrayContaining(needed))
    expect(names.filter((name) => /sha256\/[0-9a-f]{2}$/.test(name ?? '')).length).toBeGreaterThan(0)
    for (const call of made) expectNameDurable(call)
  })

  test('every file of the data directory itself had its name synced before the first answer', () => {
    const made = calls.filter((call) => isCreation(call) && dirname(pathOf(call) ?? '') === data)
    const files = made.filter((call) => !/-(?:journal|shm)$/.test(pathOf(call) ?? ''))
    // The identity gets its name when it is whole.
    const names = files.map((call) => pathOf(call)?.replace(/\.[0-9a-f-]{36}\.partial$/, ''))
    expect(new Set(names)).toEqual(
      new Set(['lock', 'identity', 'metadata.sqlite', 'metadata.sqlite-wal'].map((name) => join(data, name))),
    )
    const first = only(calls.find(isCreated201))
    for (const call of files.filter((each) => before(each, first))) expectNameDurable(call)
  })

  function expectNameDurable(made: Call): void {
    const parent = dirname(pathOf(made) ?? '')
    const answer = only(calls.find((call) => isCreated201(call) && before(made, call)))
    const synced = calls.find((call) => isSync(call) && pathOf(call) === parent && before(made, call))
    expect([pathOf(made), synced !== undefined && before(synced, answer)]).toEqual([pathOf(made), true])
  }

  /** The request whose answer says that the blob is there. */
  function requestThatEnds({ digest }: Content): Call {
    return only(
      calls.find(({ args }) => /"P(?:OST|UT) \/v2\/traced\//.test(args) && args.includes(`digest=${digest}`)),
    )
  }

  function answerTo(request: Call): Call {
    return only(calls.find((call) => isAnswer(call) && before(request, call)))
  }

  /** What was written to the database's log since its last but one sync, and the sync that made it durable. */
  function commitBefore(answer: Call): { writes: readonly Call[]; synced: Call } {
    const log = calls.filter(
      (call) => pathOf(call) === join(data, 'metadata.sqlite-wal') && before(call, answer),
    )
    const lastWrite = log.findLastIndex(isWrite)
    const earlierSync = log.slice(0, lastWrite).findLastIndex(isSync)
    const writes = log.slice(earlierSync + 1, lastWrite + 1).filter(isWrite)
    expect(writes.length).toBeGreaterThan(0)
    return { writes, synced: only(log.slice(lastWrite + 1).find(isSync)) }
  }
})

const isAnswer = ({ name, args }: Call) =>
  /^(?:sendto|sendmsg|write|writev)$/.test(name) && args.includes('"HTTP/1.1 ')
const isCreated201 = (call: Call) => isAnswer(call) && call.args.includes('"HTTP/1.1 201 ')

function only(call: Call | undefined): Call {
  if (!call) throw new Error('the trace has no such call')
  return call
}

async function objectOf(data: string, { digest }: Content): Promise<string> {
  const hex = digest.slice('sha256:'.length)
  const directory = join(data, 'blobs/sha256', hex.slice(0, 2))
  const names = (await readdir(directory)).filter((name) => name.startsWith(`${hex}.`))
  expect(names).toHaveLength(1)
  return join(directory, names[0] ?? '')
}

async function pushInOneRequest(url: string, { digest, bytes }: Content): Promise<void> {
  const target = `${url}/v2/traced/blobs/uploads/?digest=${digest}`
  await ask(target, { method: 'POST', body: bytes, expect: [201] })
}

async function open(url: string): Promise<string> {
  const opened = await ask(`${url}/v2/traced/blobs/uploads/`, { method: 'POST', expect: [202] })
  return url + opened.headers.get('location')
}

async function pushAtOnce(url: string, { digest, bytes }: Content): Promise<void> {
  await ask(`${await open(url)}?digest=${digest}`, { method: 'PUT', body: bytes, expect: [201] })
}

async function pushInChunks(
  url: string,
  { digest, bytes }: Content,
  { lastWithPut }: { lastWithPut: boolean },
): Promise<void> {
  const location = await open(url)
  const half = bytes.length / 2
  await ask(location, { method: 'PATCH', body: bytes.slice(0, half), expect: [202] })
  if (!lastWithPut) await ask(location, { method: 'PATCH', body: bytes.slice(half), expect: [202] })
  const rest = lastWithPut ? { body: bytes.slice(half) } : {}
  await ask(`${location}?digest=${digest}`, { method: 'PUT', ...rest, expect: [201] })
}

async function put(url: string, { bytes, mediaType }: Manifest): Promise<void> {
  await ask(`${url}/v2/traced/manifests/latest`, {
    method: 'PUT',
    headers: { 'Content-Type': mediaType },
    body: bytes,
    expect: [201],
  })
}
