import { join } from 'node:path'
import { processorSeconds } from './process-tree.ts'
import type { Instance } from './servers/instance.ts'
import type { Product } from './servers/product.ts'

/** What an instance holds. Listings are measured where nothing else is pushed. */
export type DataSet = 'images' | 'listings' | 'big-listings'

/** One product in one table, with an instance per data set that starts when it is first asked for. */
export class Contender {
  readonly product: Product
  readonly #directory: string
  readonly #seeds: Map<string, Promise<void>>
  readonly #instances = new Map<DataSet, Promise<Instance>>()

  /** @param seeds what is in place already, shared by all contenders of a run */
  constructor(
    product: Product,
    { directory, seeds }: { directory: string; seeds: Map<string, Promise<void>> },
  ) {
    this.product = product
    this.#directory = directory
    this.#seeds = seeds
  }

  instance(set: DataSet): Promise<Instance> {
    const known = this.#instances.get(set)
    if (known) return known
    const starting = this.product.start(this.#data(set))
    this.#instances.set(set, starting)
    return starting
  }

  /** Ends the data set's process and starts another on the same data. */
  async restart(set: DataSet): Promise<Instance> {
    const before = await this.instance(set)
    await before.stop()
    this.#instances.delete(set)
    return this.instance(set)
  }

  /** Processor seconds that all its processes have used so far. */
  async processorSeconds(): Promise<number> {
    const started = await Promise.allSettled(this.#instances.values())
    return started.reduce(
      (sum, one) => sum + (one.status === 'fulfilled' ? processorSeconds(one.value.pid) : 0),
      0,
    )
  }

  /** Puts something into a data set, unless it is there. */
  async seed(set: DataSet, what: string, work: (instance: Instance) => Promise<void>): Promise<void> {
    const instance = await this.instance(set)
    const key = `${instance.data} ${what}`
    const seeding = this.#seeds.get(key) ?? work(instance)
    this.#seeds.set(key, seeding)
    await seeding
  }

  #data(set: DataSet): string {
    const { key, listingsFolder } = this.product
    return join(this.#directory, set === 'images' ? key : listingsFolder, set)
  }
}
