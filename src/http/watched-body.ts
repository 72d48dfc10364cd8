import type { ReachedLimit } from '../oci/limit-reached.ts'
import { type Pace, PaceKeeper } from './body-pace.ts'

/** How often it is looked whether a body is too slow. Milliseconds. */
const lookEvery = 250

/** Bodies whose clients are waited for at this moment. */
const awaited = new Set<WatchedBody>()
let looking: ReturnType<typeof setInterval> | undefined

/** A request's body, with an end to the patience with whoever sends it. */
export class WatchedBody {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #keeper: PaceKeeper
  readonly #refuse: (missed: ReachedLimit) => Error
  #since = 0
  #giveUp: (error: Error) => void = () => undefined

  /** @param refuse what is thrown where the client misses a limit */
  constructor(
    body: ReadableStream<Uint8Array>,
    { pace, refuse }: { pace: Pace; refuse: (missed: ReachedLimit) => Error },
  ) {
    this.#chunks = (body as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    this.#keeper = new PaceKeeper(pace, performance.now())
    this.#refuse = refuse
  }

  /** One timer looks after all: a timer or a race for each piece would cost more than taking it in does. */
  next(): Promise<IteratorResult<Uint8Array>> {
    this.#since = performance.now()
    awaited.add(this)
    looking ??= setInterval(look, lookEvery)
    return new Promise((resolve, reject) => {
      this.#giveUp = reject
      this.#chunks.next().then(
        (result) => {
          awaited.delete(this)
          const times = { now: performance.now(), since: this.#since }
          if (!result.done) this.#keeper.arrived(result.value.length, times)
          resolve(result)
        },
        (error) => {
          awaited.delete(this)
          reject(error)
        },
      )
    })
  }

  /** Nobody wants the rest. Only between two pieces. */
  async leave(): Promise<void> {
    await this.#chunks.return?.()
  }

  look(now: number): void {
    const missed = this.#keeper.missed({ now, since: this.#since })
    if (!missed) return
    awaited.delete(this)
    this.#giveUp(this.#refuse(missed))
  }
}

function look(): void {
  const now = performance.now()
  for (const body of awaited) body.look(now)
  if (awaited.size > 0) return
  clearInterval(looking)
  looking = undefined
}
