import { type Listen, ListenError, resolved } from './listen.ts'
import type { Address } from './listeners.ts'

/** A Berth that was killed may leave workers that end a moment later than it. Milliseconds. */
const patience = 1000
const pause = 50

/** Addresses on which several processes of ours may listen, and nobody else. */
export interface SharedPorts {
  readonly addresses: readonly Address[]
  release(): void
}

/**
 * Makes sure that nothing else listens there: the system lets any two programs of one user share a port that both are
 * willing to share, and then sends each of them half of the requests. A port 0 becomes one that is free.
 * @throws ListenError
 */
export async function claimPorts(listen: readonly Listen[]): Promise<SharedPorts> {
  const claims = new DisposableStack()
  try {
    const addresses: Address[] = []
    for (const asked of listen) {
      for (const address of resolved(asked)) {
        const claimed = await patiently(asked, () => claim(address))
        claims.defer(claimed.release)
        addresses.push(claimed.address)
      }
    }
    return { addresses, release: () => claims.dispose() }
  } catch (error) {
    claims.dispose()
    throw error
  }
}

/** Listens there for a moment without sharing, which fails where anybody does. */
function claim({ hostname, port: asked }: Address): { address: Address; release(): void } {
  const probe = Bun.listen({ hostname, port: asked, socket: { data() {} } })
  const { port } = probe
  probe.stop(true)
  return { address: { hostname, port }, release: hold(`${hostname}:${port}`) }
}

/**
 * Until all workers listen the port is free, and another Berth that starts at this moment would find it so too. A name
 * without a file is the system's to give to one of them.
 */
function hold(name: string): () => void {
  if (process.platform !== 'linux') return () => undefined
  const held = Bun.listen({ unix: `\0berth-listen-${name}`, socket: { data() {} } })
  return () => held.stop(true)
}

async function patiently<T>(asked: Listen, attempt: () => T): Promise<T> {
  const deadline = performance.now() + patience
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      const taken = (error as { code?: string }).code === 'EADDRINUSE'
      if (!taken || performance.now() > deadline) throw new ListenError(asked, error)
      await Bun.sleep(pause)
    }
  }
}
