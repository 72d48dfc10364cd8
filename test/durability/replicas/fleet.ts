import { spreadOver } from '../load/spread.ts'
import { type Environment, type Server, startServer } from '../server.ts'
import type { SharedStores } from './shared-stores.ts'

/** How long a load balancer goes on sending requests to a server that is gone. Milliseconds. */
const noticedAfter = 50

/** Several servers on the same stores, behind one origin that spreads requests over those that are there. */
export class Fleet {
  /** For the load generator. */
  readonly url: string
  readonly #stores: SharedStores
  readonly #env: Environment
  #servers: Server[] = []
  #gone: Server[] = []

  constructor(stores: SharedStores, env: Environment = {}) {
    this.#stores = stores
    this.#env = env
    this.url = spreadOver(() => this.#servers.map((server) => server.url))
  }

  get servers(): readonly Server[] {
    return this.#servers
  }

  /** Everything that servers of the fleet printed, also those that are gone. */
  get output(): string {
    return [...this.#gone, ...this.#servers].map((server) => server.output()).join('\n')
  }

  /** Adds one more, once it answers. */
  async add({ berth }: { berth?: string } = {}): Promise<Server> {
    const { data, env } = this.#stores
    const server = await startServer({ data, env: { ...env, ...this.#env }, ...(berth && { berth }) })
    try {
      await server.answering()
    } catch (error) {
      this.#gone.push(server)
      throw error
    }
    this.#servers = [...this.#servers, server]
    return server
  }

  async kill(server: Server, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ended = server.end(signal)
    await Bun.sleep(noticedAfter)
    this.#servers = this.#servers.filter((one) => one !== server)
    this.#gone.push(server)
    await ended
  }

  /** As an orchestrator does it: no request is sent there any more, and what is under way may end. */
  async retire(server: Server): Promise<number> {
    this.#servers = this.#servers.filter((one) => one !== server)
    this.#gone.push(server)
    await Bun.sleep(noticedAfter)
    return server.end('SIGTERM')
  }

  async end(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.end('SIGTERM')))
    this.#gone.push(...this.#servers)
    this.#servers = []
  }
}
