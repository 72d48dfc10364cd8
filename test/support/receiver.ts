import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a webhook was told, as its receiver saw it. */
export interface Received {
  readonly path: string
  readonly headers: Headers
  readonly body: string
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is for each test to say
  readonly event: any
}

/** A server that webhooks point at. */
export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** Those so far, once there are so many. */
  until(count: number, patience?: number): Promise<Received[]>
}

type Answer = (request: Received, count: number) => Response | Promise<Response>

/** @param answer given the request and how many came before it; 200 unless given */
export function startReceiver(answer: Answer = () => new Response(), { port = 0 } = {}): Receiver {
  const received: Received[] = []
  const server = Bun.serve({
    port,
    hostname: '127.0.0.1',
    idleTimeout: 60,
    async fetch(request) {
      const body = await request.text()
      const one = {
        path: new URL(request.url).pathname,
        headers: request.headers,
        body,
        event: JSON.parse(body).events[0],
      }
      received.push(one)
      return answer(one, received.length - 1)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/hook`,
    port: server.port ?? 0,
    received,
    async until(count, patience = 20_000) {
      const deadline = Date.now() + patience
      while (received.length < count) {
        if (Date.now() > deadline)
          throw new Error(`${received.length} requests came within ${patience} ms, not ${count}`)
        await Bun.sleep(10)
      }
      return received
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

/** Whether one of the signatures is that of the secret, in the words of Standard Webhooks. */
export function isSigned({ headers, body }: Received, secret: string): boolean {
  const content = `${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.${body}`
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const wanted = Buffer.from(createHmac('sha256', key).update(content).digest('base64'))
  return (headers.get('webhook-signature') ?? '').split(' ').some((signature) => {
    const given = Buffer.from(signature.replace('v1,', ''))
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  })
}
