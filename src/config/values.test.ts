import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText } from '../../test/support/grammar.ts'
import {
  duration,
  filePath,
  flag,
  immutableTags,
  listenAddress,
  listOf,
  oneOf,
  processes,
  size,
  webOrigin,
} from './values.ts'

describe('a duration', () => {
  test.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['10m', 600_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
  ])('%p is %p milliseconds', (text, milliseconds) => {
    expect(duration.parse(text)).toBe(milliseconds)
  })

  test.each(['', '10', 's', '-1s', '1 s', '1S', '1w', '1h30m', '1e3s', '.5s', '1234567890s'])(
    '%p is none',
    (text) => {
      expect(duration.parse(text)).toBeUndefined()
    },
  )
})

describe('a size', () => {
  test.each([
    ['0', 0],
    ['512', 512],
    ['512B', 512],
    ['1KB', 1000],
    ['1KiB', 1024],
    ['512MiB', 536_870_912],
    ['1.5GiB', 1_610_612_736],
    ['2 TB', 2e12],
  ])('%p is %p bytes', (text, bytes) => {
    expect(size.parse(text)).toBe(bytes)
  })

  test.each(['', '-1', '1k', '1Mb', '1mib', 'MiB', '1  MiB', '1PiB', '0x10'])('%p is none', (text) => {
    expect(size.parse(text)).toBeUndefined()
  })
})

describe('an address to listen on', () => {
  test.each([
    ['localhost:5000', { host: 'localhost', port: 5000 }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    [':5000', { host: '', port: 5000 }],
    ['[::1]:5000', { host: '::1', port: 5000 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
  ])('%p is understood', (text, address) => {
    expect(listenAddress.parse(text)).toEqual(address)
  })

  test.each(['', '5000', 'localhost', 'localhost:', '::1:5000', 'localhost:65536', 'http://localhost:5000'])(
    '%p is none',
    (text) => {
      expect(listenAddress.parse(text)).toBeUndefined()
    },
  )
})

describe('an origin', () => {
  test.each(['*', 'https://ui.example.com', 'http://localhost:8080'])('%p is one', (text) => {
    expect(webOrigin.parse(text)).toBe(text)
  })

  test.each(['', 'ui.example.com', 'https://ui.example.com/', 'https://a b', 'ftp://example.com', '**'])(
    '%p is none',
    (text) => {
      expect(webOrigin.parse(text)).toBeUndefined()
    },
  )
})

describe('a list', () => {
  const list = listOf(oneOf(['a', 'b'] as const))

  test('is separated by commas, with spaces where one likes', () => {
    expect(list.parse('a, b ,a')).toEqual(['a', 'b', 'a'])
  })

  test('may be empty, and an entry that is empty is none', () => {
    expect(list.parse('')).toEqual([])
    expect(list.parse(',a,,')).toEqual(['a'])
  })

  test('is refused for one entry that is wrong', () => {
    expect(list.parse('a,c')).toBeUndefined()
  })
})

test('a choice is one of its words, and no other', () => {
  const kind = oneOf(['none', 'all'] as const)
  expect(kind.parse('all')).toBe('all')
  expect(kind.parse('ALL')).toBeUndefined()
  expect(kind.allowed).toBe('one of none, all')
})

test('a duration is one that can be added to a time', () => {
  expect(duration.parse('36500d')).toBe(36_500 * 86_400_000)
  for (const text of ['36501d', '999999999d', '999999999h']) expect(duration.parse(text)).toBeUndefined()
})

test('a flag is true or false, and no other word', () => {
  expect([flag.parse('true'), flag.parse('false')]).toEqual([true, false])
  for (const text of ['', 'yes', '1', 'TRUE']) expect(flag.parse(text)).toBeUndefined()
})

test('a path is any text but none and one with NUL', () => {
  expect(filePath.parse('./a b')).toBe('./a b')
  expect(filePath.parse('')).toBeUndefined()
  expect(filePath.parse('a\0b')).toBeUndefined()
})

test('no kind throws, and its numbers are never negative or endless, whatever the text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const kind of [duration, size])
        expect(kind.parse(text) ?? 0).toBeWithin(0, Number.MAX_SAFE_INTEGER)
      for (const kind of [flag, filePath, webOrigin, listenAddress, listOf(listenAddress)]) kind.parse(text)
    }),
  )
})

describe('immutable tags', () => {
  test.each([
    ['all', { repositories: '**', tags: '*' }],
    ['prod/**:v*', { repositories: 'prod/**', tags: 'v*' }],
    ['library/nginx:1.2?_x', { repositories: 'library/nginx', tags: '1.2?_x' }],
  ])('%p are understood', (text, patterns) => {
    expect(immutableTags.parse(text)).toEqual(patterns)
  })

  test.each(['', 'v*', ':v*', 'prod/**:', 'Prod:v*', 'a:{b,c}', 'a:[bc]', 'a:b:c', 'a b:c'])(
    '%p are none',
    (text) => {
      expect(immutableTags.parse(text)).toBeUndefined()
    },
  )
})

describe('a number of processes', () => {
  test.each([
    ['1', 1],
    ['64', 64],
    ['auto', 6],
  ])('%p is %p', (text, count) => {
    expect(processes(6).parse(text)).toBe(count)
  })

  test('one on each core is never none, and never too many', () => {
    expect([0, 1, 500].map((cores) => processes(cores).parse('auto'))).toEqual([1, 1, 64])
  })

  test.each(['', '0', '65', '-1', '2.5', 'many', '1e1', '0x2', '100'])('%p is none', (text) => {
    expect(processes(6).parse(text)).toBeUndefined()
  })
})
