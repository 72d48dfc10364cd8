import { expect, test } from 'bun:test'
import { type MemoryRegistry, memoryRegistry } from '../../test/support/memory-registry.ts'
import type { LogFields } from '../logging/logger.ts'
import { Scrubber, type Scrubbing } from './scrub.ts'
import { scrubKey } from './scrub-progress.ts'
import { alone } from './turns.ts'

const MiB = 1024 * 1024
const never = 365 * 86_400_000

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: LogFields
}

function scrubbing(registry: MemoryRegistry, more: Partial<Scrubbing> = {}) {
  const lines: Line[] = []
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields })
  const logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    writes: () => true,
    infoText: undefined,
  }
  const now = () => Date.now()
  const scrubber = new Scrubber({
    ...registry,
    logger,
    rate: 1024 * MiB,
    interval: never,
    turns: alone,
    now,
    ...more,
  })
  return { scrubber, lines, ofLevel: (level: string) => lines.filter((line) => line.level === level) }
}

async function until(done: () => unknown): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error('it did not come')
    await Bun.sleep(5)
  }
}

/** Runs until a full round is over. */
async function oneRound(registry: MemoryRegistry, more: Partial<Scrubbing> = {}) {
  const running = scrubbing(registry, more)
  running.scrubber.start()
  await until(() => running.lines.some(({ message }) => message === 'scrubbed'))
  await running.scrubber.stop()
  return running
}

test('reads every blob once in a round, and says how long ago that was', async () => {
  const registry = await memoryRegistry()
  let bytes = 0
  for (let index = 0; index < 70; index += 1) bytes += (await registry.store(`blob ${index}`)).size
  expect((await scrubbing(registry).scrubber.measures())?.sinceFinished).toBeUndefined()
  const { scrubber, lines } = await oneRound(registry)
  expect(await scrubber.measures()).toMatchObject({ bytes, damaged: 0, sinceBegun: undefined })
  expect((await scrubber.measures())?.sinceFinished).toBeLessThan(5000)
  expect((await scrubber.measures())?.longestUnread).toBeLessThan(5000)
  expect(lines).toHaveLength(1)
})

test('quarantines what it finds, with a line at error level, and releases what is sound again', async () => {
  const registry = await memoryRegistry()
  const [damaged, lost, back] = await Promise.all(
    ['damaged', 'lost', 'back'].map((each) => registry.store(each)),
  )
  for (let index = 0; index < 5; index += 1) await registry.store(`sound ${index}`)
  if (!damaged || !lost || !back) throw new Error('not stored')
  await registry.overwrite(damaged.objectKey, 'DAMAGED')
  await registry.blobs.remove([lost.objectKey])
  await registry.metadata.change('quarantineBlob', back)
  const { scrubber, ofLevel } = await oneRound(registry)
  expect((await scrubber.measures())?.damaged).toBe(2)
  expect(
    ofLevel('error')
      .map(({ fields }) => fields.digest)
      .toSorted(),
  ).toEqual([damaged.digest, lost.digest].toSorted())
  expect(await registry.metadata.findStored(damaged)).toMatchObject({ damaged: true })
  expect(await registry.metadata.findStored(lost)).toMatchObject({ damaged: true })
  expect(await registry.metadata.findStored(back)).toMatchObject({ damaged: false })
})

test('goes on after a restart where it was, and forgets no round', async () => {
  const registry = await memoryRegistry()
  const sizes = new Map<string, number>()
  for (let index = 0; index < 40; index += 1) {
    const { digest, size } = await registry.store(`blob ${index} `.repeat(1000))
    sizes.set(digest, size)
  }
  const whole = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  // Opening counts as 64 KiB: some ten blobs in a fifth of a second.
  const first = scrubbing(registry, { rate: 3 * MiB })
  first.scrubber.start()
  await until(async () => ((await first.scrubber.measures())?.bytes ?? 0) > whole / 5)
  await first.scrubber.stop()
  const readFirst = (await first.scrubber.measures())?.bytes ?? 0
  expect(readFirst).toBeLessThan(whole)
  const begun = JSON.parse((await registry.metadata.getState(scrubKey)) ?? '{}').begun
  expect(begun).toBeGreaterThan(0)

  const second = await oneRound(registry)
  expect(((await second.scrubber.measures())?.bytes ?? 0) + readFirst).toBe(whole)
  expect(JSON.parse((await registry.metadata.getState(scrubKey)) ?? '{}')).toMatchObject({
    begun: null,
    lastBegun: begun,
    after: '',
  })
})

test('rests until the next round is due, also after a restart', async () => {
  const registry = await memoryRegistry()
  await registry.store('blob')
  await oneRound(registry)
  const again = scrubbing(registry)
  again.scrubber.start()
  await Bun.sleep(100)
  await again.scrubber.stop()
  expect(await again.scrubber.measures()).toMatchObject({ bytes: 0, sinceBegun: undefined })
  expect((await again.scrubber.measures())?.sinceFinished).toBeGreaterThanOrEqual(100)
  const due = await oneRound(registry, { interval: 0 })
  expect((await due.scrubber.measures())?.bytes).toBeGreaterThan(0)
})

test('keeps to its rate, and stops at once however low that is', async () => {
  const registry = await memoryRegistry()
  await registry.store('x'.repeat(2 * MiB))
  const { scrubber } = scrubbing(registry, { rate: 1 })
  scrubber.start()
  await Bun.sleep(50)
  const asked = performance.now()
  await scrubber.stop()
  expect(performance.now() - asked).toBeLessThan(1000)
  expect((await scrubber.measures())?.bytes).toBe(0)
})

test('quarantines nothing on the word of a storage that is away, and says so', async () => {
  const registry = await memoryRegistry()
  const keys: string[] = []
  for (let index = 0; index < 30; index += 1) keys.push((await registry.store(`blob ${index}`)).objectKey)
  await registry.blobs.remove(keys)
  const { scrubber, ofLevel } = scrubbing(registry)
  scrubber.start()
  await until(() => ofLevel('error').length > 0)
  await scrubber.stop()
  expect(ofLevel('error')[0]?.fields.error).toContain('is the storage there?')
  for (const { damaged } of await registry.metadata.listBlobs({ limit: 100 })) expect(damaged).toBe(false)
  expect((await scrubber.measures())?.damaged).toBe(0)
})

test('does nothing where it is switched off', async () => {
  const registry = await memoryRegistry()
  await registry.store('blob')
  const { scrubber, lines } = scrubbing(registry, { rate: 0 })
  scrubber.start()
  await Bun.sleep(50)
  await scrubber.stop()
  expect(await scrubber.measures()).toBeUndefined()
  expect(await registry.metadata.getState(scrubKey)).toBeUndefined()
  expect(lines).toEqual([])
})
