import { afterAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { makeAuthority } from '../../test/support/certificates.ts'
import {
  type FindAddresses,
  type OutboundAnswer,
  OutboundFailure,
  type OutboundRequest,
  requestOutbound,
} from './outbound-request.ts'
import { guardAddresses } from './public-addresses.ts'

const ended: (() => void)[] = []
afterAll(() => {
  for (const end of ended) end()
})

const here: FindAddresses = async () => [{ address: '127.0.0.1', family: 4 }]
const loopback = guardAddresses(['127.0.0.1'])

describe('a request to a host that a user named', () => {
  test('goes to the address that its name was found at, under its name', async () => {
    const { port, seen } = serve(() => new Response('taken', { status: 202, headers: { 'X-Is': 'there' } }))
    const answer = await ask(`http://hook.example:${port}/a?b=c`, { method: 'POST', body: '{"x":1}' })
    expect(answer).toMatchObject({ status: 202, cut: false, headers: { 'x-is': 'there' } })
    expect(text(answer)).toBe('taken')
    expect(seen).toEqual([{ path: '/a?b=c', host: `hook.example:${port}`, method: 'POST', body: '{"x":1}' }])
  })

  test('never reaches a private address, named by itself or behind a name', async () => {
    const { port, seen } = serve(() => new Response('secrets'))
    const closed = { guard: guardAddresses([]), find: here }
    for (const host of ['127.0.0.1', '0x7f.1', '2130706433', 'localhost', 'evil.example', '[::ffff:7f00:1]'])
      expect(await failureOf(ask(`http://${host}:${port}/`, {}, closed))).toMatchObject({
        kind: 'address',
        message: expect.stringContaining('may not be reached: it is a loopback address'),
      })
    expect(seen).toEqual([])
  })

  test('is refused where one of several addresses is private', async () => {
    const { port, seen } = serve(() => new Response('secrets'))
    const find = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    const failure = await failureOf(
      ask(`http://two.example:${port}/`, {}, { guard: guardAddresses([]), find }),
    )
    expect(failure.message).toContain('two.example leads to an address that may not be reached')
    expect(seen).toEqual([])
  })

  test('asks for the addresses of a name once: a second answer can’t lead elsewhere', async () => {
    const { port } = serve(() => new Response('public'))
    let asked = 0
    const find = async () => {
      asked += 1
      return asked === 1 ? here('') : [{ address: '10.0.0.1', family: 4 }]
    }
    const answer = await ask(`http://rebind.example:${port}/`, {}, { guard: loopback, find })
    expect([text(answer), asked]).toEqual(['public', 1])
  })

  test('follows no redirect', async () => {
    const { port, seen } = serve(
      () => new Response(null, { status: 302, headers: { Location: 'http://169.254.169.254/latest' } }),
    )
    const answer = await ask(`http://hook.example:${port}/`)
    expect(answer).toMatchObject({ status: 302, headers: { location: 'http://169.254.169.254/latest' } })
    expect(seen).toHaveLength(1)
  })

  test('uses no proxy of the environment, and no connection twice', async () => {
    const proxied = serve(() => new Response('proxied'))
    const { port } = serve(() => new Response('direct'))
    process.env.HTTP_PROXY = `http://127.0.0.1:${proxied.port}`
    try {
      expect(text(await ask(`http://hook.example:${port}/`))).toBe('direct')
      expect(text(await ask(`http://hook.example:${port}/`))).toBe('direct')
    } finally {
      delete process.env.HTTP_PROXY
    }
    expect(proxied.seen).toEqual([])
  })

  test('ends after its time, whether the name, the answer or its body does not come', async () => {
    const silent = serve(() => new Promise<Response>(() => undefined))
    const slow = serve(() => new Response(drip()))
    const never = { guard: loopback, find: () => new Promise<never>(() => undefined) }
    for (const asked of [
      ask(`http://hook.example:${silent.port}/`, { timeout: 200 }),
      ask(`http://hook.example:${slow.port}/`, { timeout: 200 }),
      ask('http://hook.example/', { timeout: 200 }, never),
    ])
      expect(await failureOf(asked)).toMatchObject({
        kind: 'timeout',
        message: 'no whole answer within 0.2 s',
      })
  })

  test('reads no more of an answer than it was told, packed or not', async () => {
    const huge = new Uint8Array(20_000_000)
    const { port } = serve(({ url }) =>
      url.endsWith('/packed')
        ? new Response(Bun.gzipSync(huge), { headers: { 'Content-Encoding': 'gzip' } })
        : new Response(huge),
    )
    const plain = await ask(`http://hook.example:${port}/`, { mostBytes: 1000 })
    expect([plain.body.length, plain.cut]).toEqual([1000, true])
    const packed = await ask(`http://hook.example:${port}/packed`, { mostBytes: 1000 })
    expect([packed.body.length, packed.cut]).toEqual([1000, true])
  })

  test('waits for the head alone where nothing of the body is wanted', async () => {
    const { port } = serve(() => new Response(drip(), { status: 202 }))
    expect(await ask(`http://hook.example:${port}/`, { mostBytes: 0 })).toMatchObject({
      status: 202,
      cut: true,
    })
  })

  test('says in words that nothing listens, that the connection was closed, and that a name is not there', async () => {
    const closing = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
    ended.push(() => closing.close())
    const { port } = closing.address() as { port: number }
    expect((await failureOf(ask(`http://hook.example:${port}/`))).message).toContain('closed before')
    expect((await failureOf(ask('http://hook.example:1/'))).message).toContain('connection refused')
    const lost = { guard: loopback, find: () => Promise.reject(new Error('ENOTFOUND')) }
    expect((await failureOf(ask('http://gone.example/', {}, lost))).message).toBe(
      'the name gone.example was not found',
    )
  })

  test('holds the certificate against the name, not the address', async () => {
    const authority = await makeAuthority()
    const { certificate, key } = await authority.issue()
    const { port } = serve(() => new Response('tls'), {
      tls: { cert: Bun.file(certificate), key: Bun.file(key) },
    })
    const failure = await failureOf(ask(`https://hook.example:${port}/`))
    expect(failure.kind).toBe('connection')
    expect(failure.message).toMatch(/certificate/i)
  })

  test('is broken off with its signal', async () => {
    const silent = serve(() => new Promise<Response>(() => undefined))
    const end = new AbortController()
    const asked = ask(`http://hook.example:${silent.port}/`, { signal: end.signal })
    setTimeout(() => end.abort(), 50)
    expect(await failureOf(asked)).toMatchObject({ kind: 'connection', message: 'it was broken off' })
  })
})

function ask(
  url: string,
  asked: Partial<OutboundRequest> = {},
  options: Parameters<typeof requestOutbound>[0] = { guard: loopback, find: here },
): Promise<OutboundAnswer> {
  const standard = { method: 'GET', headers: {}, timeout: 5000, mostBytes: 65_536 } as const
  return requestOutbound(options, { ...standard, url: new URL(url), ...asked })
}

interface SeenRequest {
  readonly path: string
  readonly host: string | null
  readonly method: string
  readonly body: string
}

function serve(
  answer: (request: Request) => Response | Promise<Response>,
  options: { tls?: Bun.TLSOptions } = {},
): { port: number; seen: SeenRequest[] } {
  const seen: SeenRequest[] = []
  const server = Bun.serve({
    ...options,
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const { method, headers } = request
      seen.push({
        path: `${pathname}${search}`,
        host: headers.get('host'),
        method,
        body: await request.text(),
      })
      return answer(request)
    },
  })
  ended.push(() => void server.stop(true))
  return { port: server.port ?? 0, seen }
}

/** A byte now and then, and no end. */
function drip(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(stream) {
      await Bun.sleep(30)
      stream.enqueue(new Uint8Array(1))
    },
  })
}

function text({ body }: OutboundAnswer): string {
  return new TextDecoder().decode(body)
}

async function failureOf(asked: Promise<unknown>): Promise<OutboundFailure> {
  try {
    await asked
  } catch (error) {
    if (error instanceof OutboundFailure) return error
    throw error
  }
  throw new Error('it did not fail')
}
