import { AggregatorRegistry, Counter, Gauge, type Metric, Registry } from 'prom-client'
import type { Measurement } from '../logging/measurement.ts'
import type { ErrorCode } from '../oci/errors.ts'
import type { LimitName } from '../oci/limit-reached.ts'
import { addGauge, addMeasurements, addProcess, type ProcessMetrics } from './process-metrics.ts'

/** What one request adds. */
export interface Measured {
  readonly route: string
  readonly method: string
  readonly status: number
  /** Seconds until the answer was ready to be sent. */
  readonly seconds: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** What is only known when somebody asks. */
export interface Observed {
  openUploads(): Promise<number>
  storage(): Promise<{ count: number; bytes: number }>
  freeSpace(): Promise<number | undefined>
  requestsInFlight(): number
  /** Namespaces that use nine tenths of a quota, and those that use all of it. */
  nearQuotas(): Promise<{ near: number; full: number }>
}

const quotaCodes: ReadonlySet<ErrorCode> = new Set(['QUOTA_BUSY', 'QUOTA_EXCEEDED'])

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
/** Upper bounds in seconds: from an answer out of memory to the push of a large layer. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300]

/** Requests of one route, method and status, counted without a look at labels. */
interface Tally {
  count: number
  bytesIn: number
  bytesOut: number
}

interface Latencies {
  /** One more than the bounds: the last is for what is slower than all. */
  readonly counts: number[]
  sum: number
}

/** The server's measurements, for Prometheus. */
export class Metrics {
  /** What one process measures for itself; where there are several, it is summed. */
  readonly #own = new Registry()
  /** What each process would tell alike. */
  readonly #shared = new Registry()
  readonly #tallies = new Map<string, Tally>()
  readonly #overQuota: Counter<'code'>
  readonly #latencies = new Map<string, Latencies>()
  readonly #refusals: Counter

  constructor(observed: Observed, version: string) {
    const registers = [this.#own]
    const shared = [this.#shared]
    const tallies = this.#tallies
    new Gauge({
      name: 'berth_build_info',
      help: 'The running version',
      labelNames: ['version'],
      registers: shared,
    }).set({ version }, 1)
    const labelNames = ['route', 'method', 'status'] as const
    const tallied = (name: string, help: string, value: (tally: Tally) => number) =>
      new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset()
          for (const [key, tally] of tallies) this.inc(labelsOf(key), value(tally))
        },
      })
    tallied('berth_http_requests_total', 'Requests answered', (tally) => tally.count)
    tallied('berth_http_received_bytes_total', 'Bytes of request bodies', (tally) => tally.bytesIn)
    tallied('berth_http_sent_bytes_total', 'Bytes of answers, as announced', (tally) => tally.bytesOut)
    this.#refusals = new Counter({
      name: 'berth_limits_refused_total',
      help: 'Requests refused because a limit against abuse was reached, by its setting',
      labelNames: ['setting'],
      registers,
    })
    this.#own.registerMetric(latencyHistogram(this.#latencies))
    addGauge(registers, 'berth_http_requests_in_flight', 'Requests being answered', async () =>
      observed.requestsInFlight(),
    )
    addGauge(shared, 'berth_uploads_open', 'Uploads that are neither finished nor dropped', () =>
      observed.openUploads(),
    )
    addGauge(shared, 'berth_storage_blobs', 'Blobs stored', async () => (await observed.storage()).count)
    addGauge(
      shared,
      'berth_storage_bytes',
      'Bytes of the blobs stored',
      async () => (await observed.storage()).bytes,
    )
    addGauge(shared, 'berth_storage_free_bytes', 'Bytes that the storage has room for', () =>
      observed.freeSpace(),
    )
    addGauge(
      shared,
      'berth_quota_namespaces_near',
      'Namespaces that use 90 % of a quota or more',
      async () => (await observed.nearQuotas()).near,
    )
    addGauge(
      shared,
      'berth_quota_namespaces_full',
      'Namespaces that use all of a quota',
      async () => (await observed.nearQuotas()).full,
    )
    this.#overQuota = new Counter({
      name: 'berth_quota_refusals_total',
      help: 'Pushes that a quota refused, for good or for the while that others had reserved what was left',
      labelNames: ['code'],
      registers,
    })
    for (const code of quotaCodes) this.#overQuota.inc({ code }, 0)
    addProcess(this.#own)
  }

  /** Shows further figures of this process, read at each scrape. */
  add(measurements: readonly Measurement[]): void {
    addMeasurements(this.#own, measurements)
  }

  /** Counts what a quota refused. */
  refusedByQuota(code: ErrorCode): void {
    if (quotaCodes.has(code)) this.#overQuota.inc({ code })
  }

  measure({ route, method: asked, status, seconds, bytesIn, bytesOut }: Measured): void {
    // Clients choose the method: what they make up must not become a series each.
    const method = methods.has(asked) ? asked : 'other'
    const key = `${route} ${method} ${status}`
    let tally = this.#tallies.get(key)
    if (!tally) {
      tally = { count: 0, bytesIn: 0, bytesOut: 0 }
      this.#tallies.set(key, tally)
    }
    tally.count += 1
    tally.bytesIn += bytesIn
    tally.bytesOut += bytesOut
    let latencies = this.#latencies.get(`${route} ${method}`)
    if (!latencies) {
      latencies = { counts: new Array(buckets.length + 1).fill(0), sum: 0 }
      this.#latencies.set(`${route} ${method}`, latencies)
    }
    let bucket = 0
    while (bucket < buckets.length && seconds > (buckets[bucket] ?? 0)) bucket += 1
    latencies.counts[bucket] = (latencies.counts[bucket] ?? 0) + 1
    latencies.sum += seconds
  }

  /** @param setting the limit that was reached */
  refuse(setting: LimitName): void {
    this.#refusals.inc({ setting })
  }

  get contentType(): string {
    return this.#own.contentType
  }

  /** What this process measured, for another that answers for both. */
  async own(): Promise<ProcessMetrics> {
    return (await this.#own.getMetricsAsJSON()) as ProcessMetrics
  }

  /**
   * Everything, in Prometheus' text format.
   * @param processes what each of several processes measured, this one included; this one alone unless given
   */
  async render(processes?: readonly ProcessMetrics[]): Promise<string> {
    const summed = processes ? AggregatorRegistry.aggregate([...processes]) : this.#own
    const texts = await Promise.all([this.#shared.metrics(), summed.metrics()])
    return texts.join('\n')
  }
}

function labelsOf(key: string): { route: string; method: string; status: string } {
  const [route = '', method = '', status = ''] = key.split(' ')
  return { route, method, status }
}

/** A histogram that is counted elsewhere: observing prom-client's own costs as much as the answer that it measures. */
function latencyHistogram(latencies: ReadonlyMap<string, Latencies>): Metric {
  const metric = {
    name: 'berth_http_request_duration_seconds',
    help: 'Seconds until the answer was ready to be sent',
    type: 'histogram',
    aggregator: 'sum',
  }
  const get = async () => ({
    ...metric,
    values: [...latencies].flatMap(([key, measured]) => histogramValues(key, measured)),
  })
  return { ...metric, get } as unknown as Metric
}

function histogramValues(key: string, { counts, sum }: Latencies) {
  const [route, method] = key.split(' ')
  const metric = 'berth_http_request_duration_seconds'
  let below = 0
  const values = buckets.map((le, index) => {
    below += counts[index] ?? 0
    return { labels: { le, route, method }, value: below, metricName: `${metric}_bucket` }
  })
  const count = below + (counts[buckets.length] ?? 0)
  return [
    ...values,
    { labels: { le: '+Inf', route, method }, value: count, metricName: `${metric}_bucket` },
    { labels: { route, method }, value: sum, metricName: `${metric}_sum` },
    { labels: { route, method }, value: count, metricName: `${metric}_count` },
  ]
}
