import { describe, expect, test } from 'bun:test'
import { before, isCreation, isRename, isSync, isWrite, parseTrace, pathOf, targetOf } from './calls.ts'

const trace = `100 openat(AT_FDCWD</tmp>, "/data/uploads/a", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 22</data/uploads/a>
101 fsync(23</data/blobs> <unfinished ...>
100 pwritev(22</data/uploads/a>, [{iov_base="he) = 1", iov_len=7}], 1, 0 <unfinished ...>
101 <... fsync resumed>)            = 0
100 <... pwritev resumed>)          = 7
100 rename("/data/uploads/a", "/data/blobs/a") = 0
100 --- SIGCHLD {si_signo=SIGCHLD} ---
102 sendto(9<socket:[1]>, "HTTP/1.1 201 Created\\r\\n"..., 320, MSG_DONTWAIT, NULL, 0) = 320
103 mkdir("/data", 0700) = -1 EEXIST (File exists)
103 fsync(24</data/gone (deleted)>) = -1 EIO (Input/output error)
102 +++ exited with 0 +++
104 futex(0x7f, FUTEX_WAIT`
const calls = parseTrace(trace)
const called = (name: string) => calls.find((call) => call.name === name) as (typeof calls)[number]

describe('a trace', () => {
  test('is read call by call, whatever overlapped', () => {
    expect(calls.map(({ name, result }) => [name, result])).toEqual([
      ['openat', 22],
      ['fsync', 0],
      ['pwritev', 7],
      ['rename', 0],
      ['sendto', 320],
      ['mkdir', -1],
      ['fsync', -1],
      ['futex', undefined],
    ])
  })

  test('tells which call was over before which other began', () => {
    expect(before(called('fsync'), called('rename'))).toBe(true)
    expect(before(called('fsync'), called('pwritev'))).toBe(false)
    expect(before(called('pwritev'), called('fsync'))).toBe(false)
  })

  test('names the file of a descriptor and of a path', () => {
    expect(pathOf(called('openat'))).toBe('/data/uploads/a')
    expect(pathOf(called('pwritev'))).toBe('/data/uploads/a')
    expect(targetOf(called('rename'))).toBe('/data/blobs/a')
    expect(pathOf(calls.at(-2) as (typeof calls)[number])).toBe('/data/gone')
  })

  test('has its kinds of calls, and those that failed are none', () => {
    expect(calls.filter(isCreation)).toHaveLength(1)
    expect(calls.filter(isWrite)).toHaveLength(1)
    expect(calls.filter(isRename)).toHaveLength(1)
    expect(calls.filter(isSync)).toHaveLength(1)
  })
})
