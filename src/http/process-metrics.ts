import { Counter, Gauge, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client'
import type { Measurement } from '../logging/measurement.ts'
import { knownInTime } from './known-in-time.ts'

/** What a process measured, for another that answers for both. */
export type ProcessMetrics = MetricObjectWithValues<MetricValue<string>>[]

/** What a process measures that answers no requests. */
export class BackgroundMetrics {
  readonly #register = new Registry()

  constructor(measurements: readonly Measurement[]) {
    addProcess(this.#register)
    addMeasurements(this.#register, measurements)
  }

  async own(): Promise<ProcessMetrics> {
    return (await this.#register.getMetricsAsJSON()) as ProcessMetrics
  }
}

const startedAt = Math.floor(Date.now() / 1000 - process.uptime())

/** What the system says of the process. */
export function addProcess(register: Registry): void {
  const registers = [register]
  addGauge(registers, 'process_resident_memory_bytes', 'Resident memory', async () =>
    process.memoryUsage.rss(),
  )
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started',
    registers,
    // Of several processes the first.
    aggregator: 'min',
  }).set(startedAt)
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time, user and system',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
}

/** Shows further figures, read at each scrape. */
export function addMeasurements(register: Registry, measurements: readonly Measurement[]): void {
  for (const { name, help, kind, read } of measurements) {
    if (kind === 'gauge') addGauge([register], name, help, async () => read())
    else addCounter([register], name, help, async () => read())
  }
}

export function addGauge(
  registers: Registry[],
  name: string,
  help: string,
  read: () => Promise<number | undefined>,
): void {
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      const value = await knownInTime(read)
      if (value === undefined) this.remove()
      else this.set(value)
    },
  })
}

function addCounter(
  registers: Registry[],
  name: string,
  help: string,
  read: () => Promise<number | undefined>,
): void {
  new Counter({
    name,
    help,
    registers,
    async collect() {
      const value = await knownInTime(read)
      this.reset()
      if (value !== undefined) this.inc(value)
    },
  })
}
