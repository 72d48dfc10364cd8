import { type ErrorCode, RegistryError } from '../../oci/errors.ts'
import { type Attribution, theServer } from '../changes/attribution.ts'
import { type ChangeArguments, type ChangeName, type ChangeResult, needsSync } from '../changes/changes.ts'
import type { ChangeOrder } from '../changes/make-change.ts'
import type { AuditState, JournalState } from '../metadata-store.ts'
import { DatabaseTooNewError } from '../migrations/migrate.ts'
import type { Batch, ChangeOutcome, Failure, FromWriter, Open, Told, ToWriter } from './writer-protocol.ts'

/** Changes that wait in line together go in one transaction; more would make the first of them wait too long. */
const largestBatch = 256

interface Waiting {
  order: ChangeOrder
  sync: boolean
  resolve(result: unknown): void
  reject(error: Error): void
}

/** Inside the compiled binary a thread's module is found from the binary's root, not beside this one. */
const compiled = import.meta.url.includes('/$bunfs/')
const workerModule = compiled
  ? './metadata/sqlite/writer.worker.ts'
  : new URL('./writer.worker.ts', import.meta.url).href

export interface WriterOptions extends Omit<Open, 'type'> {
  /** Hears how far the journal is. */
  told?: ((state: JournalState) => void) | undefined
  /** Hears how far the audit log is. */
  auditTold?: ((state: AuditState) => void) | undefined
  /** The thread's module, for tests. */
  module?: string
}

/**
 * The writing thread, seen from the thread that serves. One that ends, as no thread should, takes its open transaction
 * with it: what waits for it is refused, and the next change starts another.
 */
export class SqliteWriter {
  readonly #options: WriterOptions
  readonly #answers: ((answer: FromWriter) => void)[] = []
  #worker: Worker | undefined
  #waiting: Waiting[] = []
  #committing: Promise<void> | undefined

  /** @throws DatabaseTooNewError, or what SQLite said of the file */
  static async open(options: WriterOptions): Promise<SqliteWriter> {
    const writer = new SqliteWriter(options)
    const failure = await writer.#start()
    if (failure) throw toOpenError(options.path, failure)
    return writer
  }

  private constructor(options: WriterOptions) {
    this.#options = options
  }

  change<N extends ChangeName>(
    name: N,
    args: ChangeArguments<N>,
    by: Attribution = theServer,
  ): Promise<ChangeResult<N>> {
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ order: { name, args, by }, sync: needsSync(name, args), resolve, reject })
      this.#committing ??= this.#commitAll()
    }) as Promise<ChangeResult<N>>
  }

  async close(): Promise<void> {
    await this.#committing
    const worker = this.#worker
    if (worker) await this.#ask(worker, { type: 'close' })
    await worker?.terminate()
  }

  async #commitAll(): Promise<void> {
    // What the same turn of the event loop brings joins the first batch.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, largestBatch)
      settle(batch, await this.#commit(batch))
    }
    this.#committing = undefined
  }

  async #commit(batch: readonly Waiting[]): Promise<FromWriter> {
    const failure = this.#worker ? undefined : await this.#start()
    const worker = this.#worker
    if (!worker) return { type: 'failed', ...(failure ?? threadEnded('at its start')) }
    return this.#ask(worker, {
      type: 'batch',
      sync: batch.some(({ sync }) => sync),
      changes: batch.map(({ order }) => order),
    } satisfies Batch)
  }

  /** @returns why there is no thread that writes */
  async #start(): Promise<Failure | undefined> {
    const { path, berth, journal, told, auditTold, module = workerModule } = this.#options
    const worker = new Worker(module)
    this.#worker = worker
    worker.onmessage = ({ data }: MessageEvent<FromWriter | Told>) => {
      if (data.type === 'journal') told?.(data.state)
      else if (data.type === 'audit') auditTold?.(data.state)
      else this.#answers.shift()?.(data)
    }
    worker.onerror = ({ message }) => this.#ended(worker, message)
    const answer = await this.#ask(worker, { type: 'open', path, berth, journal })
    if (answer.type === 'opened') return undefined
    this.#worker = undefined
    await worker.terminate()
    return failureOf(answer)
  }

  #ask(worker: Worker, message: ToWriter): Promise<FromWriter> {
    return new Promise((resolve) => {
      this.#answers.push(resolve)
      worker.postMessage(message)
    })
  }

  #ended(worker: Worker, message: string): void {
    if (worker !== this.#worker) return
    this.#worker = undefined
    for (const answer of this.#answers.splice(0)) answer({ type: 'failed', ...threadEnded(message) })
  }
}

function threadEnded(message: string): Failure {
  return { code: threadEndedCode, message: `the writing thread ended: ${message}` }
}

function settle(batch: readonly Waiting[], answer: FromWriter): void {
  for (const [index, { resolve, reject }] of batch.entries()) {
    const outcome: ChangeOutcome | undefined =
      answer.type === 'committed' ? answer.outcomes[index] : { ok: false, ...failureOf(answer) }
    if (outcome?.ok) resolve(outcome.result)
    else reject(toError(outcome ?? failureOf(answer)))
  }
}

function failureOf(answer: FromWriter): Failure {
  return answer.type === 'failed' || answer.type === 'refused'
    ? answer
    : { code: 'Error', message: `the writer answered ${answer.type}` }
}

/** At the start there is an operator to tell where the file lies. */
function toOpenError(path: string, failure: Failure): Error {
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(failure.code)) {
    return new RegistryError(
      'STORAGE_UNAVAILABLE',
      `${path} is damaged (${failure.message}): \`berth rebuild\` makes it anew from the journal, or \`berth restore\` from a backup`,
    )
  }
  const error = toError(failure)
  if (!(error instanceof RegistryError)) return error
  return new RegistryError(
    error.code,
    `${path} can not be written: ${failure.message}; is its directory read-only, or its disk full?`,
  )
}

const registryCode = /^[A-Z_]+$/
const threadEndedCode = 'THREAD_ENDED'

function toError({ code, message, detail }: Failure): Error {
  if (code === threadEndedCode) {
    return new RegistryError(
      'STORAGE_UNAVAILABLE',
      'the metadata could not be written, for a fault of Berth’s own: try again',
      { cause: new Error(message) },
    )
  }
  if (code === 'SQLITE_FULL') {
    return new RegistryError(
      'STORAGE_FULL',
      'the disk that holds the metadata is full: nothing was changed',
      { cause: new Error(message) },
    )
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return new RegistryError(
      'STORAGE_UNAVAILABLE',
      'the disk that holds the metadata reports an error, or is full: nothing was changed',
      { cause: new Error(message) },
    )
  }
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN')) {
    return new RegistryError(
      'STORAGE_UNAVAILABLE',
      'the metadata can not be written: the data directory is read-only',
      { cause: new Error(message) },
    )
  }
  if (code === 'DatabaseTooNewError')
    return Object.assign(new Error(message), { name: DatabaseTooNewError.name })
  if (registryCode.test(code) && !code.startsWith('SQLITE_')) {
    return new RegistryError(code as ErrorCode, message, { detail })
  }
  return Object.assign(new Error(message), { code })
}
