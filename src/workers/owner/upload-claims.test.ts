import { expect, test } from 'bun:test'
import { type ClaimHolder, UploadClaims } from './upload-claims.ts'

/** A process whose writers stop when the test lets them. */
function holder() {
  const asked: string[] = []
  const waiting: (() => void)[] = []
  const process: ClaimHolder = {
    revokeUpload(id) {
      asked.push(id)
      return new Promise((resolve) => waiting.push(resolve))
    },
  }
  const stops = () => {
    for (const resolve of waiting.splice(0)) resolve()
  }
  return { process, asked, stops }
}

test('an upload goes to another process only when the one that had it writes no more', async () => {
  const claims = new UploadClaims()
  const [first, second] = [holder(), holder()]
  await claims.claim('u', first.process)
  let taken = false
  const taking = claims.claim('u', second.process).then(() => {
    taken = true
  })
  await Bun.sleep(5)
  expect(first.asked).toEqual(['u'])
  expect(taken).toBe(false)
  first.stops()
  await taking
})

test('three processes that want one upload have it one after the other', async () => {
  const claims = new UploadClaims()
  const [first, second, third] = [holder(), holder(), holder()]
  await claims.claim('u', first.process)
  const order: string[] = []
  const both = [
    claims.claim('u', second.process).then(() => order.push('second')),
    claims.claim('u', third.process).then(() => order.push('third')),
  ]
  await Bun.sleep(5)
  expect(second.asked).toEqual([])
  first.stops()
  await Bun.sleep(5)
  expect(order).toEqual(['second'])
  expect(second.asked).toEqual(['u'])
  second.stops()
  await Promise.all(both)
  expect(order).toEqual(['second', 'third'])
})

test('nobody is asked for an upload that was given back, or that the same process had', async () => {
  const claims = new UploadClaims()
  const [first, second] = [holder(), holder()]
  await claims.claim('again', first.process)
  await claims.claim('again', first.process)
  claims.release(await claims.claim('u', first.process))
  await claims.claim('u', second.process)
  expect(first.asked).toEqual([])
})

test('a claim that is given back late takes nothing from the next of the same process', async () => {
  const claims = new UploadClaims()
  const [first, second] = [holder(), holder()]
  const early = await claims.claim('u', first.process)
  await claims.claim('u', first.process)
  claims.release(early)
  const taking = claims.claim('u', second.process)
  await Bun.sleep(1)
  expect(first.asked).toEqual(['u'])
  first.stops()
  await taking
})

test('a process that ended is not asked', async () => {
  const claims = new UploadClaims()
  const [first, second] = [holder(), holder()]
  await claims.claim('u', first.process)
  claims.forget(first.process)
  await claims.claim('u', second.process)
  expect(first.asked).toEqual([])
})
