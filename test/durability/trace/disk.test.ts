import { describe, expect, test } from 'bun:test'
import { parseTrace } from './calls.ts'
import { Disk, type Luck } from './disk.ts'

const none: Luck = { data: () => false, name: () => false }
const all: Luck = { data: () => true, name: () => true }
const namesOnly: Luck = { data: () => false, name: () => true }

function diskAfter(trace: string): Disk {
  const disk = new Disk('/r')
  for (const call of parseTrace(trace)) disk.apply(call)
  return disk
}

function texts(disk: Disk, luck: Luck): Record<string, string | undefined> {
  const decoder = new TextDecoder()
  return Object.fromEntries(
    Array.from(disk.left(luck), ([path, bytes]) => [path, bytes && decoder.decode(bytes)]),
  )
}

const written = `1 mkdir("/r/d", 0700) = 0
1 openat(AT_FDCWD</>, "/r/d/a", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 5</r/d/a>
1 pwrite64(5</r/d/a>, "h\\145l\\"o\\n", 6, 0) = 6
`

describe('after a power cut', () => {
  test('nothing is left that was not synced, and all of it may be', () => {
    expect(texts(diskAfter(written), none)).toEqual({})
    expect(texts(diskAfter(written), all)).toEqual({ '/r/d': undefined, '/r/d/a': 'hel"o\n' })
    expect(texts(diskAfter(written), namesOnly)).toEqual({ '/r/d': undefined, '/r/d/a': '' })
  })

  test('a file needs its bytes, its name and the names above it', () => {
    const file = '1 fsync(5</r/d/a>) = 0\n'
    const directory = '1 fsync(6</r/d>) = 0\n'
    const parent = '1 fsync(7</r>) = 0\n'
    expect(texts(diskAfter(written + file), none)).toEqual({})
    expect(texts(diskAfter(written + file + directory), none)).toEqual({})
    expect(texts(diskAfter(written + directory + parent), none)).toEqual({ '/r/d': undefined, '/r/d/a': '' })
    expect(texts(diskAfter(written + file + directory + parent), none)).toEqual({
      '/r/d': undefined,
      '/r/d/a': 'hel"o\n',
    })
  })

  test('a rename is durable with a sync of where it leads, and the old name goes with one of where it was', () => {
    const renamed = `${written}1 fsync(5</r/d/a>) = 0
1 fsync(7</r>) = 0
1 fsync(6</r/d>) = 0
1 rename("/r/d/a", "/r/b") = 0
`
    expect(texts(diskAfter(renamed), none)).toEqual({ '/r/d': undefined, '/r/d/a': 'hel"o\n' })
    const led = `${renamed}1 fsync(7</r>) = 0\n`
    expect(texts(diskAfter(led), none)).toEqual({ '/r/d': undefined, '/r/d/a': 'hel"o\n', '/r/b': 'hel"o\n' })
    expect(texts(diskAfter(`${led}1 fsync(6</r/d>) = 0\n`), none)).toEqual({
      '/r/d': undefined,
      '/r/b': 'hel"o\n',
    })
  })

  test('vectors are written where they say, and files are cut', () => {
    const more = `${written}1 pwritev(5</r/d/a>, [{iov_base="12", iov_len=2}, {iov_base="3", iov_len=1}], 2, 4) = 3
1 ftruncate(5</r/d/a>, 6) = 0
`
    expect(texts(diskAfter(more), all)['/r/d/a']).toBe('hel"12')
  })

  test('a way of writing that is not known is no silence', () => {
    expect(() => diskAfter(`${written}1 write(5</r/d/a>, "x", 1) = 1\n`)).toThrow('does not know')
  })
})
