import { LoadClient } from '../load/client.ts'
import { LayerPool } from '../load/content.ts'
import { Random } from '../load/random.ts'
import type { Refused } from '../load/requests.ts'
import type { Place } from '../load/session.ts'
import { Tally } from '../load/tally.ts'

/** Each has repositories of its own: another crew's tags are none of its business. */
let crews = 0

/** A few clients of the load generator, to work while something is broken and to look afterwards. */
export class Crew {
  readonly tally = new Tally()
  readonly looks = { manifests: 0, blobs: 0, absent: 0 }
  readonly #clients: readonly LoadClient[]

  constructor(options: {
    seed: number
    clients?: number
    /** Bytes. */
    largest?: number
    /** Refusals that the fault explains. */
    tolerates?: (refused: Refused) => boolean
  }) {
    const { seed, clients = 4, largest = 128 * 1024, tolerates = () => false } = options
    const random = new Random(seed)
    const pool = new LayerPool({ seed, layers: 60, largest })
    const { tally, looks } = this
    crews += 1
    const repositories = [`crew-${crews}/one`, `crew-${crews}/two`]
    this.#clients = Array.from({ length: clients }, (_, index) => {
      const own = { name: `c${index}`, random: random.fork(), most: 12 }
      return new LoadClient({ ...own, pool, repositories, tally, looks, tolerates })
    })
  }

  async work(place: Place, seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000
    await Promise.all(this.#clients.map((client) => client.work(place, () => performance.now() >= end)))
  }

  /** Looks at everything that anybody pushed. */
  async look(place: Place): Promise<void> {
    for (const client of this.#clients) await client.look(place, client.model.manifests)
  }
}
