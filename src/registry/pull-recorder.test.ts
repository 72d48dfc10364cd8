import { expect, test } from 'bun:test'
import type { Pull } from '../metadata/changes/state.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { PullRecorder, pullsSince } from './pull-recorder.ts'

/** Metadata that notes what is written; it fails while it is told to. */
function metadata() {
  const state = new Map<string, string>()
  const written: Pull[] = []
  const self = {
    now: 1000,
    failing: false,
    state,
    written,
    transactions: 0,
    async change(name: string, args: { pulls: Pull[]; key: string; value: string }) {
      if (self.failing) throw new Error('the disk is full')
      self.transactions += 1
      if (name === 'setState') state.set(args.key, args.value)
      else written.push(...args.pulls)
    },
    getState: async (key: string) => state.get(key),
    clock: async () => self.now,
  }
  return self
}

function recorderOf(store: ReturnType<typeof metadata>): PullRecorder {
  return new PullRecorder(store as never)
}

function pull(index: number): Pull {
  return { repository: 'a' as RepositoryName, digest: `sha256:${index}` as Digest }
}

async function failed(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  )
}

test('it is on record since when pulls are, and a later start does not change that', async () => {
  const store = metadata()
  expect(await pullsSince(store)).toBeUndefined()
  await recorderOf(store).start()
  store.now = 2000
  await recorderOf(store).start()
  expect(await pullsSince(store)).toBe(1000)
})

test('a manifest that is pulled a thousand times is written once', async () => {
  const store = metadata()
  const recorder = recorderOf(store)
  for (let index = 0; index < 1000; index += 1) recorder.record(pull(index % 2))
  await recorder.flush()
  await recorder.flush()
  expect(store.written).toEqual([pull(0), pull(1)])
  expect(store.transactions).toBe(1)
})

test('what can not be written is kept for the next time', async () => {
  const store = metadata()
  const recorder = recorderOf(store)
  for (let index = 0; index < 700; index += 1) recorder.record(pull(index))
  store.failing = true
  expect(await failed(recorder.flush())).toBe(true)
  store.failing = false
  await recorder.flush()
  expect(store.written).toHaveLength(700)
})

test('where pulls were too many to remember, they count as on record only since then', async () => {
  const store = metadata()
  const recorder = recorderOf(store)
  await recorder.start()
  for (let index = 0; index <= 100_000; index += 1) recorder.record(pull(index))
  store.now = 5000
  store.failing = true
  expect(await failed(recorder.flush())).toBe(true)
  store.failing = false
  await recorder.flush()
  expect(store.written).toHaveLength(100_000)
  expect(await pullsSince(store)).toBe(5000)
  store.now = 9000
  await recorder.flush()
  expect(await pullsSince(store)).toBe(5000)
})
