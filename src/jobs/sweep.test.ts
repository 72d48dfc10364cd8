import { expect, test } from 'bun:test'
import { type Sweep, sweep } from './sweep.ts'

const uploadAge = 1000
const keepObjects = 5000

/** Metadata and blobs that hold so many expired uploads and doomed objects, and note what is done to them. */
function storeWith({ uploads = 0, objects = 0, removeFails = false } = {}) {
  let expired = uploads
  let doomed = Array.from({ length: objects }, (_, index) => `object-${index}`)
  const present = new Set(doomed)
  const asked: { age: number; limit: number }[] = []
  const forgottenWhilePresent: string[] = []
  const metadata = {
    async change(name: string, args: { age: number; limit: number; objectKeys: string[] }) {
      if (name === 'expireUploads') {
        asked.push(args)
        const count = Math.min(args.limit, expired)
        expired -= count
        return count
      }
      forgottenWhilePresent.push(...args.objectKeys.filter((key) => present.has(key)))
      const forgotten = args.objectKeys.filter((key) => doomed.includes(key))
      doomed = doomed.filter((key) => !args.objectKeys.includes(key))
      return forgotten
    },
    async listDoomed(by: { age: number; limit: number }) {
      asked.push(by)
      return doomed.slice(0, by.limit).map((objectKey) => ({ objectKey, size: 10, neverRead: false }))
    },
  }
  const blobs = {
    async remove(keys: readonly string[]) {
      if (removeFails) throw new Error('read-only')
      for (const key of keys) present.delete(key)
    },
  }
  return {
    job: { metadata, blobs, uploadAge, keepObjects } as unknown as Sweep,
    asked,
    forgottenWhilePresent,
    left: () => ({ uploads: expired, doomed: doomed.length, present: present.size }),
  }
}

test('has nothing to do where nothing is abandoned', async () => {
  const { job } = storeWith()
  expect(await sweep(job)).toEqual({ uploads: 0, objects: 0, bytes: 0 })
})

test('drops every upload and object, however many they are, and counts them', async () => {
  const { job, left } = storeWith({ uploads: 1001, objects: 777 })
  expect(await sweep(job)).toEqual({ uploads: 1001, objects: 777, bytes: 7770 })
  expect(left()).toEqual({ uploads: 0, doomed: 0, present: 0 })
})

test('comes to an end where a batch is exactly full', async () => {
  const { job } = storeWith({ uploads: 200, objects: 400 })
  expect(await sweep(job)).toEqual({ uploads: 200, objects: 400, bytes: 4000 })
})

test('never asks for more than a batch at once, nor for what is younger than it may be', async () => {
  const { job, asked } = storeWith({ uploads: 500, objects: 500 })
  await sweep(job)
  expect(Math.max(...asked.map(({ limit }) => limit))).toBeLessThanOrEqual(2000)
  expect(new Set(asked.map(({ age }) => age))).toEqual(new Set([uploadAge, keepObjects]))
})

test('forgets an object only when its bytes are gone: a crash in between leaves no orphan', async () => {
  const { job, forgottenWhilePresent } = storeWith({ objects: 300 })
  await sweep(job)
  expect(forgottenWhilePresent).toEqual([])
})

test('keeps objects on record that could not be removed, for the next sweep', async () => {
  const { job, left } = storeWith({ objects: 3, removeFails: true })
  await expect(sweep(job)).rejects.toThrow('read-only')
  expect(left()).toMatchObject({ doomed: 3, present: 3 })
})

test('counts each object once, whoever else removes the same beside it', async () => {
  const { job } = storeWith({ objects: 30 })
  const sums = await Promise.all([sweep(job), sweep(job)])
  expect(sums.reduce((sum, { objects }) => sum + objects, 0)).toBe(30)
  expect(sums.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(300)
})
