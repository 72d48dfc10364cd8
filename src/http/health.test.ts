import { expect, test } from 'bun:test'
import type { Registry } from '../registry/registry.ts'
import type { Crew, CrewState } from './crew.ts'
import { readyz } from './health.ts'

const sound = { check: async () => undefined }
const registry = { blobs: sound, metadata: sound } as unknown as Registry

async function answer(state: CrewState | Error) {
  const crew: Crew = {
    gatherMetrics: async () => [],
    state: async () => {
      if (state instanceof Error) throw state
      return state
    },
  }
  const response = await readyz(registry, { draining: false, journal: undefined, crew })
  return { status: response.status, body: await response.json() }
}

const serving = { started: true, serving: 2, wanted: 2, journal: undefined }

test('several processes are ready when all of them have served', async () => {
  expect(await answer(serving)).toEqual({
    status: 200,
    body: { status: 'ok', checks: { server: 'ok', storage: 'ok', database: 'ok' } },
  })
  expect(await answer({ ...serving, started: false, serving: 1 })).toMatchObject({
    status: 503,
    body: { checks: { server: 'starting: 1 of 2 processes serve' } },
  })
})

test('a process that is started again is a warning, and so is the owner’s journal', async () => {
  const journal = { waiting: 1, completeAt: 0, failure: 'the disk is full' }
  expect(await answer({ ...serving, serving: 1, journal })).toMatchObject({
    status: 200,
    body: { warnings: { workers: '1 of 2 processes serve', journal: 'the disk is full' } },
  })
})

test('without an owner that answers nothing is ready: nobody could push', async () => {
  expect(await answer(new Error('another process does not answer'))).toMatchObject({
    status: 503,
    body: { checks: { server: 'another process does not answer' } },
  })
})
