import { expect, test } from 'bun:test'
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client'
import type { ProcessMetrics } from '../../http/process-metrics.ts'
import { GatheredMetrics } from './gathered-metrics.ts'

/** A process that counted, and may stop answering. */
function counting(count: number) {
  const registers = [new Registry()]
  const counter = new Counter({ name: 'asked_total', help: 'h', labelNames: ['route'], registers })
  counter.inc({ route: 'a' }, count)
  new Gauge({ name: 'memory', help: 'h', registers }).set(10)
  const process = {
    answers: true,
    measure: (): Promise<ProcessMetrics> =>
      process.answers
        ? (registers[0]?.getMetricsAsJSON() as Promise<ProcessMetrics>)
        : new Promise(() => undefined),
    count: () => counter.inc({ route: 'a' }, 1),
  }
  return process
}

async function summed(gathered: readonly ProcessMetrics[]): Promise<string> {
  return AggregatorRegistry.aggregate([...gathered]).metrics()
}

test('counters and gauges of all processes are summed', async () => {
  const text = await summed(await new GatheredMetrics().gather([counting(1), counting(2)]))
  expect(text).toContain('asked_total{route="a"} 3')
  expect(text).toContain('memory 20')
})

test('what a process had counted is kept when it ends, and what it held is not', async () => {
  const metrics = new GatheredMetrics()
  const [stays, ...ending] = [counting(1), counting(2), counting(3)]
  await metrics.gather([stays, ...ending])
  for (const process of ending) metrics.ended(process)
  const text = await summed(await metrics.gather([stays]))
  expect(text).toContain('asked_total{route="a"} 6')
  expect(text).toContain('memory 10')
  stays.count()
  expect(await summed(await metrics.gather([stays]))).toContain('asked_total{route="a"} 7')
})

test('a process that does not answer counts as it did the last time, and holds nobody up for long', async () => {
  const metrics = new GatheredMetrics()
  const [quick, stuck] = [counting(1), counting(2)]
  await metrics.gather([quick, stuck])
  stuck.answers = false
  quick.count()
  const started = performance.now()
  expect(await summed(await metrics.gather([quick, stuck]))).toContain('asked_total{route="a"} 4')
  expect(performance.now() - started).toBeLessThan(3000)
})
