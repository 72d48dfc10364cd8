import { connect } from 'node:net'

/** A request whose body is sent piece by piece, as slowly as a test wants. */
export interface OpenRequest {
  send(bytes: Uint8Array): void
  /** The status of the answer; undefined: the connection ended without one. */
  readonly status: Promise<number | undefined>
  end(): void
}

export function openRequest(
  address: string,
  { method, headers }: { method: string; headers: Record<string, string | number> },
): OpenRequest {
  const { hostname, port, pathname, search } = new URL(address)
  const socket = connect(Number(port), hostname)
  const lines = Object.entries({ Host: `${hostname}:${port}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  socket.write(`${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  const status = new Promise<number | undefined>((resolve) => {
    let answer = ''
    socket.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1')
      const found = /^HTTP\/1\.1 (\d{3})/.exec(answer)
      if (found) resolve(Number(found[1]))
    })
    socket.on('error', () => resolve(undefined))
    socket.on('close', () => resolve(undefined))
  })
  return {
    send: (bytes) => void socket.write(bytes),
    status,
    end: () => void socket.destroy(),
  }
}
