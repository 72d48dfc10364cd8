import { AggregatorRegistry } from 'prom-client'
import type { ProcessMetrics } from '../../http/process-metrics.ts'
import { away, inTime } from '../../in-time.ts'

/** A process that can be asked what it measured. */
export interface Measured {
  measure(): Promise<ProcessMetrics>
}

/** How long a scrape waits for one process. Milliseconds. */
const patience = 1000

/**
 * What the processes measured together. A counter must never go back: one that does not answer counts as it did the last
 * time, and what one that ended had counted is kept.
 */
export class GatheredMetrics {
  readonly #latest = new Map<Measured, ProcessMetrics>()
  readonly #gone = new WeakSet<Measured>()
  #ended: ProcessMetrics[] = []

  async gather(processes: readonly Measured[]): Promise<readonly ProcessMetrics[]> {
    await Promise.all(processes.map((each) => this.#ask(each)))
    await this.#sumEnded()
    return [...this.#latest.values(), ...this.#ended]
  }

  ended(process: Measured): void {
    this.#gone.add(process)
    const counted = this.#latest.get(process)?.filter(({ type }) => isCounted(String(type)))
    if (counted) this.#ended.push(counted)
    this.#latest.delete(process)
  }

  async #ask(process: Measured): Promise<void> {
    const failed = () => away
    const answer = await inTime<ProcessMetrics | symbol>(process.measure().catch(failed), patience)
    if (typeof answer !== 'symbol' && !this.#gone.has(process)) this.#latest.set(process, answer)
  }

  async #sumEnded(): Promise<void> {
    if (this.#ended.length < 2) return
    const ended = this.#ended
    this.#ended = [(await AggregatorRegistry.aggregate(ended).getMetricsAsJSON()) as ProcessMetrics]
  }
}

function isCounted(type: string): boolean {
  return type === 'counter' || type === 'histogram'
}
