import { describe, expect, test } from 'bun:test'
import { DatabaseError } from 'pg'
import { RegistryError } from '../../oci/errors.ts'
import { busyMessage, failureOf, reasonOf, unavailable } from './failures.ts'

function fromServer(code: string): DatabaseError {
  return Object.assign(new DatabaseError('said the server', 0, 'error'), { code })
}

describe('what goes wrong with PostgreSQL', () => {
  test.each([
    ['40001', 'conflict'],
    ['40P01', 'conflict'],
    ['57P01', 'broken'],
    ['57P02', 'broken'],
    ['57P03', 'broken'],
    ['08006', 'broken'],
    ['53300', 'broken'],
    ['25006', 'broken'],
    ['25P03', 'broken'],
    ['57014', 'refused'],
    ['55P03', 'refused'],
    ['53100', 'full'],
    ['23505', 'fault'],
    ['42601', 'fault'],
    ['28P01', 'fault'],
  ] as const)('with the code %s is: %s', (code, failure) => {
    expect(failureOf(fromServer(code))).toBe(failure)
  })

  test('on the way to it is a broken connection', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    expect(failureOf(refused)).toBe('broken')
    expect(failureOf(new AggregateError([refused], ''))).toBe('broken')
    expect(failureOf(new Error('Connection terminated unexpectedly'))).toBe('broken')
    expect(failureOf(new Error('Query read timeout'))).toBe('broken')
  })

  test('in the registry’s own rules, or in its code, is no failure of the database', () => {
    expect(failureOf(new RegistryError('TAG_IMMUTABLE', 'no'))).toBe('fault')
    expect(failureOf(new TypeError('x is not a function'))).toBe('fault')
    expect(failureOf('text')).toBe('fault')
  })

  test('is told with what to do, and keeps its reason for the log', () => {
    expect(unavailable(new Error(busyMessage)).message).toContain('metadata.pool')
    expect(unavailable(fromServer('53100')).code).toBe('STORAGE_FULL')
    const error = unavailable(fromServer('57P01'))
    expect(error.code).toBe('STORAGE_UNAVAILABLE')
    expect(String(error.cause)).toContain('57P01')
  })

  test('is told of every address that was tried', () => {
    const tried = ['::1', '127.0.0.1'].map((host) => new Error(`connect ECONNREFUSED ${host}`))
    expect(reasonOf(new AggregateError(tried, ''))).toBe(
      'connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1',
    )
  })
})
