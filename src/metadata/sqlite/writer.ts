import { type ErrorCode, RegistryError } from '../../oci/errors.ts'
import { type ChangeArguments, type ChangeName, type ChangeResult, needsSync } from '../changes/changes.ts'
import type { JournalState } from '../metadata-store.ts'
import { DatabaseTooNewError } from '../migrations/migrate.ts'
import type {
  Batch,
  ChangeOutcome,
  Failure,
  FromWriter,
  JournalTold,
  Open,
  ToWriter,
} from './writer-protocol.ts'

/** Changes that wait in line together go in one transaction; more would make the first of them wait too long. */
const largestBatch = 256

interface Waiting {
  name: ChangeName
  args: unknown
  sync: boolean
  resolve(result: unknown): void
  reject(error: Error): void
}

/** Inside the compiled binary a thread's module is found from the binary's root, not beside this one. */
const compiled = import.meta.url.includes('/$bunfs/')
const workerModule = compiled
  ? './metadata/sqlite/writer.worker.ts'
  : new URL('./writer.worker.ts', import.meta.url).href

/** The writing thread, seen from the thread that serves. */
export class SqliteWriter {
  readonly #worker: Worker
  readonly #answers: ((answer: FromWriter) => void)[] = []
  #waiting: Waiting[] = []
  #committing: Promise<void> | undefined
  #broken: Error | undefined

  /** @param told hears how far the journal is */
  constructor(told: (state: JournalState) => void = () => undefined) {
    this.#worker = new Worker(workerModule)
    this.#worker.onmessage = ({ data }: MessageEvent<FromWriter | JournalTold>) => {
      if (data.type === 'journal') told(data.state)
      else this.#answers.shift()?.(data)
    }
    this.#worker.onerror = (event) => this.#fail(new Error(`the writing thread ended: ${event.message}`))
  }

  /** @throws DatabaseTooNewError, or what SQLite said of the file */
  async open({ path, berth, journal }: Omit<Open, 'type'>): Promise<void> {
    const answer = await this.#ask({ type: 'open', path, berth, journal })
    if (answer.type === 'opened') return
    await this.#worker.terminate()
    throw toOpenError(path, answer.type === 'refused' ? answer : failureOf(answer))
  }

  change<N extends ChangeName>(name: N, args: ChangeArguments<N>): Promise<ChangeResult<N>> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.#broken) return reject(this.#broken)
      this.#waiting.push({ name, args, sync: needsSync(name, args), resolve, reject })
      this.#committing ??= this.#commitAll()
    }) as Promise<ChangeResult<N>>
  }

  async close(): Promise<void> {
    await this.#committing
    if (!this.#broken) await this.#ask({ type: 'close' })
    await this.#worker.terminate()
  }

  async #commitAll(): Promise<void> {
    // What the same turn of the event loop brings joins the first batch.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, largestBatch)
      const answer = await this.#ask({
        type: 'batch',
        sync: batch.some(({ sync }) => sync),
        changes: batch.map(({ name, args }) => ({ name, args })),
      } satisfies Batch)
      settle(batch, answer)
    }
    this.#committing = undefined
  }

  #ask(message: ToWriter): Promise<FromWriter> {
    return new Promise((resolve) => {
      this.#answers.push(resolve)
      if (this.#broken) this.#fail(this.#broken)
      else this.#worker.postMessage(message)
    })
  }

  #fail(error: Error): void {
    this.#broken = error
    for (const answer of this.#answers.splice(0))
      answer({ type: 'failed', code: error.name, message: error.message })
  }
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
  return answer.type === 'failed' ? answer : { code: 'Error', message: `the writer answered ${answer.type}` }
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

function toError({ code, message, detail }: Failure): Error {
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
