import { expect, test } from 'bun:test'
import { schedule } from './schedule.ts'

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000
  while (!condition() && Date.now() < deadline) await Bun.sleep(1)
  expect(condition()).toBe(true)
}

const neverFails = (error: unknown) => {
  throw error
}

test('runs a job again and again until it is stopped', async () => {
  let runs = 0
  const job = async () => {
    runs += 1
  }
  const scheduled = schedule(job, { interval: 2, failed: neverFails })
  await until(() => runs >= 3)
  await scheduled.stop()
  const atStop = runs
  await Bun.sleep(20)
  expect(runs).toBe(atStop)
})

test('never runs a job twice at once', async () => {
  let running = 0
  let most = 0
  let runs = 0
  const job = async () => {
    running += 1
    most = Math.max(most, running)
    await Bun.sleep(10)
    running -= 1
    runs += 1
  }
  const scheduled = schedule(job, { interval: 1, failed: neverFails })
  await until(() => runs >= 3)
  await scheduled.stop()
  expect(most).toBe(1)
})

test('lets a run that is under way end before it stops', async () => {
  const finish = Promise.withResolvers<void>()
  let started = false
  const job = () => {
    started = true
    return finish.promise
  }
  const scheduled = schedule(job, { interval: 1, failed: neverFails })
  await until(() => started)
  let stopped = false
  const stopping = scheduled.stop().then(() => {
    stopped = true
  })
  await Bun.sleep(10)
  expect(stopped).toBe(false)
  finish.resolve()
  await stopping
  expect(stopped).toBe(true)
})

test('tells of a run that failed, and runs again', async () => {
  const failures: unknown[] = []
  const broken = new Error('broken')
  const scheduled = schedule(() => Promise.reject(broken), {
    interval: 1,
    failed: (error) => failures.push(error),
  })
  await until(() => failures.length >= 2)
  await scheduled.stop()
  expect(failures.every((error) => error === broken)).toBe(true)
})

test('runs before its time when it is asked to, but never beside itself or after its end', async () => {
  const finish = Promise.withResolvers<void>()
  let runs = 0
  const job = () => {
    runs += 1
    return finish.promise
  }
  const scheduled = schedule(job, { interval: 60_000, failed: neverFails })
  expect(scheduled.start()).toBe(true)
  expect(scheduled.start()).toBe(false)
  finish.resolve()
  await scheduled.stop()
  expect(scheduled.start()).toBe(false)
  expect(runs).toBe(1)
})

test('stops at once where no run is under way', async () => {
  await schedule(async () => {}, { interval: 60_000, failed: neverFails }).stop()
})

test('an interval longer than a timer can be set for does not run the job all the time', async () => {
  let runs = 0
  const run = async () => {
    runs += 1
  }
  const job = schedule(run, { interval: 40 * 86_400_000, failed: () => undefined })
  await Bun.sleep(60)
  await job.stop()
  expect(runs).toBe(0)
})
