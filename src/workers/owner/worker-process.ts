import type { ProcessMetrics } from '../../http/process-metrics.ts'
import type { LineSink } from '../../logging/logger.ts'
import { Calls, type Envelope } from '../calls.ts'
import type { OwnerMethods, StartError, WorkerMethods } from '../contract.ts'
import { passLines } from './whole-lines.ts'

export interface WorkerProcessOptions {
  /** The program that is the worker, with its arguments. */
  readonly command: readonly string[]
  /** Takes its lines of the log. */
  readonly lines: LineSink
  methodsFor(worker: WorkerProcess): OwnerMethods
}

/** How long a worker that is told to stop writing to an upload may take, before it is killed for it. Milliseconds. */
const revokePatience = 5000
const flushPatience = 10_000

/** Why a worker does not serve: the message says it, and what to do. */
export class WorkerStartError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WorkerStartError'
  }
}

/** A worker, from its start to its end. */
export class WorkerProcess {
  readonly startedAt = performance.now()
  /** Resolves when the process is gone and all that it printed is passed on: to its exit code, or its signal. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Resolves, when it answers requests, to its URLs. Rejects when it ended before. */
  readonly listening: Promise<readonly string[]>
  readonly #listening = Promise.withResolvers<readonly string[]>()
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>
  readonly #calls: Calls<WorkerMethods>
  #serves = false

  constructor({ command, lines, methodsFor }: WorkerProcessOptions) {
    this.listening = this.#listening.promise
    this.listening.catch(() => undefined)
    this.#child = Bun.spawn([...command], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
      serialization: 'advanced',
      ipc: (message) => this.#calls.receive(message as Envelope),
    })
    this.#calls = new Calls<WorkerMethods>(methodsFor(this), (envelope) => this.#send(envelope))
    this.ended = this.#untilEnd(passLines(this.#child.stdout, lines))
  }

  get pid(): number {
    return this.#child.pid
  }

  /** Whether it answers requests. */
  get serves(): boolean {
    return this.#serves
  }

  /** It told so. */
  listens(urls: readonly string[]): void {
    this.#serves = true
    this.#listening.resolve(urls)
  }

  /** It told why it can't. */
  isUnable({ message }: StartError): void {
    this.#listening.reject(new WorkerStartError(`one of the processes could not start: ${message}`))
  }

  /** A process that does not say that it stopped writing must not be there when another begins. */
  async revokeUpload(id: string): Promise<void> {
    try {
      await this.#calls.call('revokeUpload', id, { patience: revokePatience })
    } catch {
      this.kill()
      await this.#child.exited
    }
  }

  flushPulls(): Promise<void> {
    return this.#calls.call('flushPulls', null, { patience: flushPatience })
  }

  measure(): Promise<ProcessMetrics> {
    return this.#calls.call('measure', null)
  }

  /** Ends it when its transfers have ended, or when they were cut off. @throws when it is gone before */
  async drain(patience: number): Promise<{ cutOff: boolean }> {
    const outcome = await this.#calls.call('drain', { patience })
    this.#child.disconnect()
    return outcome
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #send(envelope: Envelope): void {
    // Whoever asked a process that is gone hears of it through `close`.
    try {
      this.#child.send(envelope)
    } catch {}
  }

  async #untilEnd(printed: Promise<void>): Promise<number | NodeJS.Signals> {
    const code = await this.#child.exited
    this.#serves = false
    this.#calls.close('a process of this server ended')
    const end = this.#child.signalCode ?? code
    this.#listening.reject(new WorkerStartError(endedEarly(end)))
    await printed.catch(() => undefined)
    return end
  }
}

function endedEarly(end: number | NodeJS.Signals): string {
  return typeof end === 'number'
    ? `one of the processes ended with ${end} before it served: what it printed tells why`
    : `one of the processes was ended by ${end} before it served: if nobody did that, the machine has too little memory for so many (setting workers)`
}
