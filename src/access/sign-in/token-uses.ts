import type { ChangesMetadata } from '../../metadata/metadata-store.ts'

const minute = 60_000
/** Access tokens whose use waits to be written down. */
const mostWaiting = 10_000

/** Notes when access tokens were last used: in memory, written down each minute in one go. */
export class TokenUses {
  readonly #metadata: ChangesMetadata
  readonly #now: () => number
  #waiting = new Map<string, number>()
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(metadata: ChangesMetadata, now: () => number) {
    this.#metadata = metadata
    this.#now = now
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush().catch(() => undefined), minute)
    this.#timer.unref()
  }

  note(accessToken: string): void {
    if (this.#waiting.size < mostWaiting || this.#waiting.has(accessToken))
      this.#waiting.set(accessToken, this.#now())
  }

  async flush(): Promise<void> {
    if (this.#waiting.size === 0) return
    const uses = [...this.#waiting].map(([id, at]) => ({ id, at }))
    this.#waiting = new Map()
    await this.#metadata.change('noteTokenUses', { uses })
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }
}
