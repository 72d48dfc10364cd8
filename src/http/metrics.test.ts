import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseExposition, type Sample } from '../../test/support/exposition.ts'
import { type Measured, Metrics, type Observed } from './metrics.ts'

const observed: Observed = {
  openUploads: async () => 3,
  storage: async () => ({ count: 7, bytes: 1234 }),
  freeSpace: async () => 99,
  nearQuotas: async () => ({ near: 0, full: 0 }),
  requestsInFlight: () => 2,
}

function metricsOf(measurements: readonly Partial<Measured>[], more: Partial<Observed> = {}): Metrics {
  const metrics = new Metrics({ ...observed, ...more }, '1.2.3')
  for (const measured of measurements) {
    metrics.measure({
      route: 'manifest',
      method: 'GET',
      status: 200,
      seconds: 0.001,
      bytesIn: 0,
      bytesOut: 0,
      ...measured,
    })
  }
  return metrics
}

async function samplesOf(metrics: Metrics): Promise<Sample[]> {
  return parseExposition(await metrics.render())
}

function measurement(samples: readonly Sample[], name: string, labels: Record<string, string> = {}) {
  const found = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
  )
  expect(found).toHaveLength(1)
  return found[0]?.value
}

const duration = 'berth_http_request_duration_seconds'

describe('what is counted', () => {
  test('is each request with its bytes, by route, method and status', async () => {
    const samples = await samplesOf(
      metricsOf([
        { bytesOut: 10 },
        { bytesOut: 20 },
        { status: 404 },
        { route: 'upload', method: 'PATCH', bytesIn: 5 },
      ]),
    )
    const gets = { route: 'manifest', method: 'GET', status: '200' }
    expect(measurement(samples, 'berth_http_requests_total', gets)).toBe(2)
    expect(measurement(samples, 'berth_http_sent_bytes_total', gets)).toBe(30)
    expect(measurement(samples, 'berth_http_requests_total', { status: '404' })).toBe(1)
    expect(measurement(samples, 'berth_http_received_bytes_total', { method: 'PATCH' })).toBe(5)
  })

  test('does not grow when it is only read', async () => {
    const metrics = metricsOf([{}])
    await metrics.render()
    expect(measurement(await samplesOf(metrics), 'berth_http_requests_total')).toBe(1)
  })

  test('has one series for all methods that clients make up', async () => {
    const made = Array.from({ length: 100 }, (_, index) => ({ method: `MADE-UP-${index} "x"\n` }))
    const samples = await samplesOf(metricsOf(made))
    const methods = samples.flatMap(({ labels }) => labels.method ?? [])
    expect(new Set(methods)).toEqual(new Set(['other']))
    expect(measurement(samples, 'berth_http_requests_total')).toBe(100)
  })
})

describe('the histogram of durations', () => {
  test('is cumulative, ends with everything, and agrees with count and sum', async () => {
    const seconds = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(seconds, async (all) => {
        const samples = await samplesOf(metricsOf(all.map((one) => ({ seconds: one }))))
        const buckets = samples.filter(({ name }) => name === `${duration}_bucket`)
        for (const { labels, value } of buckets) {
          const bound = Number(labels.le?.replace('+Inf', 'Infinity'))
          expect(value).toBe(all.filter((one) => one <= bound).length)
        }
        expect(buckets.at(-1)?.labels.le).toBe('+Inf')
        expect(measurement(samples, `${duration}_count`)).toBe(all.length)
        expect(measurement(samples, `${duration}_sum`)).toBeCloseTo(
          all.reduce((sum, one) => sum + one, 0),
          6,
        )
      }),
      { numRuns: 30 },
    )
  })

  test('has each bound once, in order, for each route and method', async () => {
    const samples = await samplesOf(metricsOf([{}, { status: 404 }, { route: 'blob' }]))
    const bounds = samples
      .filter(({ name, labels }) => name === `${duration}_bucket` && labels.route === 'manifest')
      .map(({ labels }) => Number(labels.le?.replace('+Inf', 'Infinity')))
    expect(bounds.length).toBeGreaterThan(5)
    expect(bounds).toEqual([...new Set(bounds)].sort((a, b) => a - b))
    expect(measurement(samples, `${duration}_count`, { route: 'manifest' })).toBe(2)
  })
})

describe('what is looked up when somebody asks', () => {
  test('are uploads, storage, room and requests in flight', async () => {
    const samples = await samplesOf(metricsOf([]))
    expect(measurement(samples, 'berth_uploads_open')).toBe(3)
    expect(measurement(samples, 'berth_storage_blobs')).toBe(7)
    expect(measurement(samples, 'berth_storage_bytes')).toBe(1234)
    expect(measurement(samples, 'berth_storage_free_bytes')).toBe(99)
    expect(measurement(samples, 'berth_http_requests_in_flight')).toBe(2)
    expect(measurement(samples, 'berth_build_info', { version: '1.2.3' })).toBe(1)
  })

  test('and the process itself', async () => {
    const samples = await samplesOf(metricsOf([]))
    expect(measurement(samples, 'process_resident_memory_bytes')).toBeGreaterThan(1024 * 1024)
    expect(measurement(samples, 'process_start_time_seconds')).toBeLessThanOrEqual(Date.now() / 1000)
    expect(measurement(samples, 'process_cpu_seconds_total')).toBeGreaterThan(0)
  })
})

test('every metric has its help and its type', async () => {
  const text = await metricsOf([{}]).render()
  const names = new Set(parseExposition(text).map(({ name }) => name.replace(/_(?:bucket|sum|count)$/, '')))
  for (const name of names) {
    expect(text).toContain(`# HELP ${name} `)
    expect(text).toMatch(new RegExp(`^# TYPE ${name} (?:counter|gauge|histogram)$`, 'm'))
  }
})

test('seconds of CPU time are a counter, as their name says', async () => {
  expect(await metricsOf([]).render()).toContain('# TYPE process_cpu_seconds_total counter')
})
