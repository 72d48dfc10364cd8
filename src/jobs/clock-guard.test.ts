import { expect, test } from 'bun:test'
import { ClockGuard } from './clock-guard.ts'

test('a clock that goes with the monotonic one is trusted, and one that jumps is not, once', () => {
  const guard = new ClockGuard()
  guard.look({ wall: 1_000_000, monotonic: 0 })
  expect(guard.takeJump()).toBe(0)
  guard.look({ wall: 1_060_100, monotonic: 60_000 })
  expect(guard.takeJump()).toBe(0)
  guard.look({ wall: 4_720_100, monotonic: 120_000 })
  expect(guard.takeJump()).toBe(3_600_000)
  expect(guard.takeJump()).toBe(0)
  guard.look({ wall: 4_780_100, monotonic: 180_000 })
  expect(guard.takeJump()).toBe(0)
})

test('a jump that was seen while another process had its turn still counts at the next run', () => {
  const guard = new ClockGuard()
  guard.look({ wall: 1_000_000, monotonic: 0 })
  guard.look({ wall: 500_000, monotonic: 5000 })
  guard.look({ wall: 505_000, monotonic: 10_000 })
  expect(guard.takeJump()).toBe(-505_000)
})
