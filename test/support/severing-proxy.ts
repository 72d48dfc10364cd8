import { type AddressInfo, connect, createServer } from 'node:net'

/** A TCP proxy that breaks one connection in the middle of a download. */
export interface SeveringProxy {
  readonly port: number
  /** Whether the connection has been broken. */
  severed(): boolean
  /** The first byte of each range that clients have asked for. */
  resumedAt(): readonly number[]
  stop(): void
}

export interface Severing {
  /** The port to pass everything on to. */
  to: number
  /** The bytes of answers after which the first connection to carry so many is broken, once. */
  after: number
}

/** Starts the proxy on a loopback port of its own. */
export async function startSeveringProxy(severing: Severing): Promise<SeveringProxy> {
  let severed = false
  const resumedAt: number[] = []
  const server = createServer((client) => {
    const upstream = connect(severing.to, '127.0.0.1')
    let carried = 0
    const close = () => {
      client.destroy()
      upstream.destroy()
    }
    client.on('error', close).on('close', close)
    // Its last bytes may still wait for a slow client.
    upstream.on('error', close).on('close', () => client.end())
    client.on('data', (bytes: Buffer) => {
      const range = /^range: bytes=(\d+)-/im.exec(bytes.toString('latin1'))
      if (range) resumedAt.push(Number(range[1]))
      upstream.write(bytes)
    })
    upstream.on('data', (bytes: Buffer) => {
      carried += bytes.length
      if (!severed && carried > severing.after) {
        severed = true
        return close()
      }
      if (!client.write(bytes)) {
        upstream.pause()
        client.once('drain', () => upstream.resume())
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    severed: () => severed,
    resumedAt: () => resumedAt,
    stop: () => {
      server.close()
    },
  }
}
