import { expect, test } from 'bun:test'
import { RegistryError } from '../oci/errors.ts'
import { knownInTime } from './known-in-time.ts'

test('a figure that is known is told', async () => {
  expect(await knownInTime(() => 3)).toBe(3)
  expect(await knownInTime(async () => 4)).toBe(4)
})

test('a figure that the storage does not tell is left out', async () => {
  const away = async () => {
    throw new RegistryError('STORAGE_UNAVAILABLE', 'the database does not answer for now')
  }
  expect(await knownInTime(away)).toBeUndefined()
})

test('a fault is no missing figure', async () => {
  const faulty = async () => {
    throw new Error('a fault')
  }
  await expect(knownInTime(faulty)).rejects.toThrow('a fault')
})

test('a figure that takes too long is left out', async () => {
  expect(await knownInTime(() => new Promise(() => undefined))).toBeUndefined()
}, 10_000)
