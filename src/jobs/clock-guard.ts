/** A jump of the wall clock that makes ages wrong. Milliseconds. */
const smallestJump = 1000
/** Part of the time gone by that a clock may be corrected by without being mistrusted. */
const drift = 0.01

/**
 * Ages are told by the wall clock. Where that moved otherwise than the monotonic one since the last look, they are not
 * to be trusted: nothing is removed on their word.
 */
export class ClockGuard {
  #last: { wall: number; monotonic: number } | undefined

  /** Milliseconds both. @returns how far the wall clock jumped; 0 when it can be trusted */
  look(now: { wall: number; monotonic: number }): number {
    const last = this.#last
    this.#last = now
    if (!last) return 0
    const passed = now.monotonic - last.monotonic
    const jump = now.wall - last.wall - passed
    return Math.abs(jump) > Math.max(smallestJump, passed * drift) ? jump : 0
  }
}
