import { expect, test } from 'bun:test'
import type { MetadataStore } from '../metadata-store.ts'
import { hour, type OpenStore } from './fixtures.ts'

const job = 'collector'
const neverDue = { job, interval: hour, ahead: 0 }
const alwaysDue = { job, interval: 0, ahead: 0 }

export function turnsContract(open: OpenStore): void {
  test('a job that is new is due an interval later, or at once for who asks for that', async () => {
    const store = await open()
    expect(await take(store, 'first', neverDue)).toBeUndefined()
    expect(await store.isTurnFree({ job, interval: hour })).toBe(false)
    expect(await take(store, 'second', { ...neverDue, ahead: hour })).toEqual({ deserted: null })
  })

  test('one has the turn, and another has it after that', async () => {
    const store = await open()
    expect(await take(store, 'first', alwaysDue)).toEqual({ deserted: null })
    expect(await take(store, 'second', alwaysDue)).toBeUndefined()
    expect(await store.isTurnFree(alwaysDue)).toBe(false)
    expect(await store.findJob({ job })).toEqual({ runner: 'by first', running: true, endedAt: undefined })
    expect(await store.change('renewTurn', { job, turn: 'second' })).toBe(false)
    await store.change('endTurn', { job, turn: 'second', finished: true })
    expect(await store.change('renewTurn', { job, turn: 'first' })).toBe(true)
    await store.change('endTurn', { job, turn: 'first', finished: true })
    expect(await store.findJob({ job })).toMatchObject({ running: false, endedAt: expect.any(Number) })
    expect(await store.change('renewTurn', { job, turn: 'first' })).toBe(false)
    expect(await take(store, 'second', alwaysDue)).toEqual({ deserted: null })
  })

  test('of many that ask at once one gets the turn, and none waits for another', async () => {
    const store = await open()
    const asked = Array.from({ length: 20 }, (_, index) => take(store, `turn ${index}`, alwaysDue))
    expect((await Promise.all(asked)).filter((taken) => taken !== undefined)).toHaveLength(1)
  })

  test('a job that was run is due an interval after it began; one that was not finished is due at once', async () => {
    const store = await open()
    await take(store, 'first', { ...neverDue, ahead: hour })
    await store.change('endTurn', { job, turn: 'first', finished: true })
    expect(await take(store, 'second', neverDue)).toBeUndefined()
    expect(await take(store, 'third', { ...neverDue, ahead: hour })).toBeDefined()
    await store.change('endTurn', { job, turn: 'third', finished: false })
    expect(await store.isTurnFree({ job, interval: hour })).toBe(true)
    expect(await take(store, 'fourth', neverDue)).toEqual({ deserted: null })
  })

  test('a shorter interval makes a job due that was to wait for a longer one', async () => {
    const store = await open()
    await take(store, 'first', { ...neverDue, ahead: hour })
    await store.change('endTurn', { job, turn: 'first', finished: true })
    expect(await store.isTurnFree({ job, interval: 1000 })).toBe(true)
    expect(await take(store, 'second', { job, interval: 1000, ahead: 0 })).toBeDefined()
  })

  test('who asks again with the same turn, for the answer was lost, has it still', async () => {
    const store = await open()
    await take(store, 'first', alwaysDue)
    expect(await take(store, 'first', alwaysDue)).toEqual({ deserted: null })
  })

  test('turns of different jobs have nothing to do with each other', async () => {
    const store = await open()
    expect(await take(store, 'first', alwaysDue)).toBeDefined()
    expect(await take(store, 'second', { ...alwaysDue, job: 'sweep' })).toBeDefined()
  })
}

function take(store: MetadataStore, turn: string, asked: { job: string; interval: number; ahead: number }) {
  return store.change('takeTurn', { ...asked, turn, runner: `by ${turn}` })
}
