export type BunServer = Bun.Server<undefined>

export interface Address {
  readonly hostname: string
  readonly port: number
}

/** Opens a listener. @param joins whether one of ours is open at the same address */
export type OpenListener = (address: Address, joins: boolean) => BunServer

/** What listens at each address, and what listened there before and still ends what it had begun. */
export class Listeners {
  readonly #addresses: readonly Address[]
  #current: readonly BunServer[]
  readonly #retired = new Map<BunServer, Promise<void>>()

  constructor(addresses: readonly Address[], open: OpenListener) {
    this.#current = openAll(addresses, (address) => open(address, false))
    // Port 0 was any free one; those that follow listen on that.
    this.#addresses = addresses.map(({ hostname }, index) => ({
      hostname,
      port: this.#current[index]?.port ?? 0,
    }))
  }

  get urls(): readonly string[] {
    return this.#current.map(({ url }) => url.href)
  }

  get pendingRequests(): number {
    return this.#all().reduce((sum, server) => sum + server.pendingRequests, 0)
  }

  /**
   * Opens others at the same addresses, which take every new connection; those before close what is idle, and end when
   * their last request is answered. Where one can't be opened, nothing has changed.
   */
  replace(open: OpenListener): void {
    const before = this.#current
    this.#current = openAll(this.#addresses, (address) => open(address, true))
    for (const server of before) {
      this.#retired.set(
        server,
        server.stop(false).finally(() => this.#retired.delete(server)),
      )
    }
  }

  async drain(): Promise<void> {
    await Promise.all([...this.#current.map((server) => server.stop(false)), ...this.#retired.values()])
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((server) => server.stop(true)))
  }

  #all(): readonly BunServer[] {
    return [...this.#current, ...this.#retired.keys()]
  }
}

/** All of them, or none. */
function openAll(addresses: readonly Address[], open: (address: Address) => BunServer): readonly BunServer[] {
  const servers: BunServer[] = []
  try {
    for (const address of addresses) servers.push(open(address))
    return servers
  } catch (error) {
    for (const server of servers) void server.stop(true)
    throw error
  }
}

/** Listeners that share a port are told nothing of others that do: this is. @throws as Bun does where it is taken */
export function requireFree({ hostname, port }: Address): void {
  if (port > 0) Bun.listen({ hostname, port, socket: { data() {} } }).stop(true)
}
