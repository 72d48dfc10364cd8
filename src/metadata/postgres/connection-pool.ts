import { Client, type ClientConfig, DatabaseError, Pool, type PoolClient, type QueryResult, types } from 'pg'
import { type ConnectionSettings, clientConfig } from './connection.ts'
import { failureOf, outcomeUnknown, unavailable } from './failures.ts'

export interface PoolSettings extends ConnectionSettings {
  /** Connections at most. */
  readonly pool: number
  /** Milliseconds that a request waits for a connection, over however many attempts. */
  readonly patience: number
}

/** What a transaction does. `lost`: its COMMIT was sent once before, and nobody knows whether it took place. */
export type Work<T> = (client: PoolClient, state: { readonly lost: boolean }) => Promise<T>

/** Attempts at a transaction that others get in the way of. */
const conflictsBorne = 5
/** To make a connection anew takes as long as some dozen queries. Milliseconds. */
const idleTime = 300_000
/** Milliseconds between attempts to reach a database that is away: at first, and at most. */
const pauses = { first: 20, longest: 500 }

/** Connections to one PostgreSQL, which may go away and come back. */
export class ConnectionPool {
  readonly #pool: Pool
  readonly #settings: PoolSettings
  readonly #sent: SentTimeouts

  static async open(settings: PoolSettings): Promise<ConnectionPool> {
    return new ConnectionPool(settings, await clientConfig(settings))
  }

  private constructor(settings: PoolSettings, config: ClientConfig) {
    const sent: SentTimeouts = { atStart: true }
    this.#settings = settings
    this.#sent = sent
    this.#pool = new Pool({
      max: settings.pool,
      // How long the pool lets wait; a connection that is being made has its own, shorter time.
      connectionTimeoutMillis: settings.patience,
      idleTimeoutMillis: idleTime,
      Client: class extends Client {
        constructor() {
          super({ ...config, types: { getTypeParser }, ...(sent.atStart && serverTimeouts(settings)) })
        }
      } as unknown as typeof Client,
    })
    // An idle connection that breaks is replaced by the next that is asked for: unheard, it would end the process.
    this.#pool.on('error', () => undefined)
  }

  /** Runs a statement that changes nothing, and again on another connection where one breaks. */
  query(text: string, values: unknown[]): Promise<QueryResult> {
    return this.#patiently(() => this.#withClient(({ client }) => client.query(text, values)))
  }

  /**
   * Runs a transaction. What broke before the COMMIT was sent is begun anew; where the COMMIT itself may be lost, the
   * work is called once more and told so, and decides.
   */
  transaction<T>(work: Work<T>): Promise<T> {
    const state = { lost: false }
    return this.#patiently(() => this.#withClient((held) => this.#attempt(held, work, state)), state)
  }

  async #attempt<T>({ client, spoil }: Held, work: Work<T>, state: { lost: boolean }): Promise<T> {
    let result: T
    try {
      await client.query(this.#begin())
      result = await work(client, state)
    } catch (error) {
      // What failed is what counts, not that it could not be undone: that is done by the connection's end.
      if (failureOf(error) !== 'broken') await client.query('rollback').catch(spoil)
      throw error
    }
    try {
      await client.query('commit')
    } catch (error) {
      if (failureOf(error) === 'broken') state.lost = true
      throw error
    }
    return result
  }

  /** The rules of collection go by what READ COMMITTED sees, whatever the database's own default is. */
  #begin(): string {
    const begin = 'begin isolation level read committed'
    if (this.#sent.atStart) return begin
    const timeouts = Object.entries(serverTimeouts(this.#settings))
    return [begin, ...timeouts.map(([name, value]) => `set local ${name} = ${value}`)].join('; ')
  }

  async #patiently<T>(attempt: () => Promise<T>, state?: { readonly lost: boolean }): Promise<T> {
    const deadline = performance.now() + this.#settings.patience
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (this.#refusesTimeouts(error)) continue
        const failure = failureOf(error)
        if (failure === 'fault') throw error
        const again =
          failure === 'conflict' ? tries < conflictsBorne : failure !== 'refused' && failure !== 'full'
        if (!again || failure === 'busy' || performance.now() > deadline) {
          throw state?.lost ? outcomeUnknown(error) : unavailable(error)
        }
        await Bun.sleep(Math.random() * Math.min(pauses.longest, pauses.first * 2 ** tries))
      }
    }
  }

  /** PgBouncer takes no timeouts as a connection begins: from now on transactions set their own. */
  #refusesTimeouts(error: unknown): boolean {
    if (!this.#sent.atStart || !/unsupported startup parameter/.test((error as Error).message)) return false
    this.#sent.atStart = false
    return true
  }

  async #withClient<T>(work: (held: Held) => Promise<T>): Promise<T> {
    const client = await this.#connect()
    let broken: Error | undefined
    // Unheard, it would end the process.
    const spoil = (error: Error) => {
      broken = error
    }
    client.on('error', spoil)
    try {
      return await work({ client, spoil })
    } catch (error) {
      if (failureOf(error) === 'broken') broken ??= error as Error
      throw error
    } finally {
      client.release(broken)
      client.off('error', spoil)
    }
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      // A password that was changed, a database that was renamed: not the fault of who asks.
      if (error instanceof DatabaseError && failureOf(error) === 'fault') throw unavailable(error)
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}

interface Held {
  readonly client: PoolClient
  /** The connection is not fit for the next. */
  spoil(error: Error): void
}

interface SentTimeouts {
  /** Whether connections take them as they begin. */
  atStart: boolean
}

/** Who holds locks and says nothing, because its process hangs, is in the way of others. Milliseconds. */
const longestSilence = 60_000

/** What the server is to end by itself. Milliseconds; 0: never. */
function serverTimeouts({ statementTimeout, lockTimeout }: ConnectionSettings) {
  return {
    statement_timeout: statementTimeout,
    lock_timeout: lockTimeout,
    idle_in_transaction_session_timeout: longestSilence,
  }
}

/** Whole numbers come as text from the driver; all of ours fit a double. */
const wholeNumbers: ReadonlySet<number> = new Set([types.builtins.INT8, types.builtins.NUMERIC])

export function getTypeParser(type: number, format?: 'text' | 'binary') {
  return wholeNumbers.has(type) ? Number : types.getTypeParser(type, format as 'text')
}
