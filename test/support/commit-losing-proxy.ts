import { connect as connectTo, createServer, type Socket } from 'node:net'

/** What becomes of the next COMMIT: it is done and nobody is told, or it never arrives. */
export type Loss = 'answer' | 'commit'

export interface CommitLosingProxy extends AsyncDisposable {
  /** The URL of the same database through it. */
  readonly url: string
  /** Loses one COMMIT, with its connection. */
  loseNext(loss: Loss): void
  /** COMMITs that were lost. */
  lost(): number
}

/** Stands before a PostgreSQL and cuts connections in the one moment that leaves a change in doubt. */
export async function startCommitLosingProxy(database: string): Promise<CommitLosingProxy> {
  const target = new URL(database)
  let next: Loss | undefined
  let lost = 0
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connectTo(Number(target.port), target.hostname)
    let muted = false
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => other.destroy())
    }
    client.on('data', (bytes) => {
      if (next === undefined || !bytes.includes('commit\0')) return void upstream.write(bytes)
      const loss = next
      next = undefined
      lost += 1
      if (loss === 'commit') return void client.destroy()
      muted = true
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      // The answer to the COMMIT: it is done by now.
      if (muted) client.destroy()
      else client.write(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = new URL(database)
  url.port = String(typeof address === 'object' && address ? address.port : '')
  return {
    url: url.href,
    loseNext(loss) {
      next = loss
    },
    lost: () => lost,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
