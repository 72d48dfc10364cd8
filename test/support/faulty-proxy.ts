import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What becomes of one request, told from its first line: `PUT /bucket/key?partNumber=1…`. */
export type Fault =
  | 'none'
  /** 503 SlowDown instead of an answer. */
  | 'slow-down'
  /** The connection is reset before there is an answer. */
  | 'reset'
  /** The request is carried out, and its answer lost. */
  | 'lost-answer'
  /** The answer ends after some of its bytes. */
  | 'truncated'
  /** Nothing comes. */
  | 'hang'

export interface FaultyProxy {
  readonly url: string
  readonly requests: readonly string[]
  /** Bytes in a second that go through to the server, of all connections; undefined: all at once. */
  slowTo(bytesPerSecond: number | undefined): void
  stop(): void
}

const slowDown =
  'HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 52\r\nConnection: close\r\n\r\n<Error><Code>SlowDown</Code><Message>x</Message></Er'

/** Stands before an HTTP server and does to some requests what networks and busy servers do. One request a connection. */
export async function startFaultyProxy(to: string, faultOf: (line: string) => Fault): Promise<FaultyProxy> {
  const { hostname, port } = new URL(to)
  const requests: string[] = []
  const sockets = new Set<Socket>()
  let rate: number | undefined
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => client.destroy()).on('close', () => sockets.delete(client))
    client.once('data', (head: Buffer) => {
      const line = head.toString('latin1').split('\r\n', 1)[0] ?? ''
      requests.push(line)
      const fault = faultOf(line)
      if (fault === 'slow-down') {
        client.on('data', () => undefined)
        client.end(slowDown)
      } else if (fault === 'reset') client.destroy()
      else if (fault !== 'hang') pass(client, { head, fault })
    })
  })

  function pass(client: Socket, { head, fault }: { head: Buffer; fault: Fault }): void {
    const upstream = connect(Number(port), hostname)
    sockets.add(upstream)
    upstream.on('error', () => client.destroy()).on('close', () => client.end())
    client.on('close', () => upstream.destroy())
    const carry = (bytes: Buffer) => {
      client.pause()
      const wait = rate === undefined ? 0 : (bytes.length / rate) * 1000
      setTimeout(() => upstream.write(bytes, () => client.resume()), wait)
    }
    carry(oneRequest(head))
    client.on('data', carry)
    let came = Buffer.alloc(0)
    upstream.on('data', (bytes: Buffer) => {
      if (fault === 'lost-answer') return client.destroy()
      if (fault === 'truncated') {
        came = Buffer.concat([came, bytes])
        const cut = cutOf(came)
        if (cut !== undefined) client.write(came.subarray(0, cut), () => client.destroy())
        return
      }
      if (client.write(bytes)) return
      upstream.pause()
      client.once('drain', () => upstream.resume())
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    slowTo: (bytes) => {
      rate = bytes
    },
    stop: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Where an answer breaks off: within its body if it has one; undefined: too little of it came so far. */
function cutOf(answer: Buffer): number | undefined {
  const head = answer.indexOf('\r\n\r\n') + 4
  if (head < 4) return undefined
  const hasBody = /content-length: *[1-9]/i.test(answer.subarray(0, head).toString('latin1'))
  if (!hasBody) return Math.ceil(head / 2)
  return answer.length > head ? head + Math.floor((answer.length - head) / 2) : undefined
}

/** The server closes after its answer: the next request comes on a connection of its own, and is seen. */
function oneRequest(head: Buffer): Buffer {
  return Buffer.from(
    head.toString('latin1').replace(/\r\nConnection: keep-alive/i, '\r\nConnection: close'),
    'latin1',
  )
}
