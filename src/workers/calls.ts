import { compact } from './compact.ts'
import { type Failure, toError, toFailure } from './failure.ts'

/** Methods take one argument. */
export type Methods = Record<string, (argument: never) => Promise<unknown>>

/** What passes between two processes in one message: everything that one turn of the event loop brought. */
export interface Envelope {
  readonly asks: readonly { readonly id: number; readonly method: string; readonly argument: unknown }[]
  readonly answers: readonly Answer[]
}

type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }

interface Pending {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** The other process does not answer in time, or is gone. */
export class CallError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CallError'
  }
}

/** Calls of another process's methods, and its calls of ours, over a channel that keeps the order of messages. */
export class Calls<Theirs extends Methods> {
  readonly #methods: Methods
  readonly #send: (envelope: Envelope) => void
  readonly #pending = new Map<number, Pending>()
  #asks: Envelope['asks'][number][] = []
  #answers: Answer[] = []
  #scheduled = false
  #last = 0
  #closed: Error | undefined

  /** @param methods what the other process may call */
  constructor(methods: Methods, send: (envelope: Envelope) => void) {
    this.#methods = methods
    this.#send = send
  }

  /** @param patience milliseconds; for ever unless given. @throws CallError, and what the method throws */
  call<N extends keyof Theirs & string>(
    method: N,
    argument: Parameters<Theirs[N]>[0],
    { patience }: { patience?: number } = {},
  ): ReturnType<Theirs[N]> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    if (this.#closed) {
      reject(this.#closed)
      return promise as ReturnType<Theirs[N]>
    }
    const id = this.#begin({ resolve, reject })
    this.#asks.push({ id, method, argument: compact(argument) })
    this.#schedule()
    if (patience === undefined) return promise as ReturnType<Theirs[N]>
    const timer = setTimeout(() => this.#giveUp(id, method), patience)
    return promise.finally(() => clearTimeout(timer)) as ReturnType<Theirs[N]>
  }

  receive({ asks, answers }: Envelope): void {
    for (const answer of answers) {
      const pending = this.#pending.get(answer.id)
      this.#pending.delete(answer.id)
      if ('failure' in answer) pending?.reject(toError(answer.failure))
      else pending?.resolve(answer.result)
    }
    for (const ask of asks) void this.#answer(ask)
  }

  /** The other process is gone: nothing more will be answered. */
  close(reason: string): void {
    this.#closed ??= new CallError(reason)
    for (const { reject } of this.#pending.values()) reject(this.#closed)
    this.#pending.clear()
  }

  /** Sends at once what the turn of the event loop brought so far. */
  flush(): void {
    this.#scheduled = false
    if (this.#closed || this.#asks.length + this.#answers.length === 0) return
    const envelope = { asks: this.#asks, answers: this.#answers }
    this.#asks = []
    this.#answers = []
    this.#send(envelope)
  }

  #begin(pending: Pending): number {
    this.#last += 1
    this.#pending.set(this.#last, pending)
    return this.#last
  }

  #giveUp(id: number, method: string): void {
    this.#pending.get(id)?.reject(new CallError(`another process of this server does not answer (${method})`))
    this.#pending.delete(id)
  }

  async #answer({ id, method, argument }: Envelope['asks'][number]): Promise<void> {
    let answer: Answer
    try {
      const called = Object.hasOwn(this.#methods, method) ? this.#methods[method] : undefined
      if (!called) throw new Error(`there is no method ${method}`)
      answer = { id, result: compact(await called(argument as never)) }
    } catch (error) {
      answer = { id, failure: toFailure(error) }
    }
    this.#answers.push(answer)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.flush())
  }
}
