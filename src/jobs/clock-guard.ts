/** A jump of the wall clock that makes ages wrong. Milliseconds. */
const smallestJump = 1000
/** Part of the time gone by that a clock may be corrected by without being mistrusted. */
const drift = 0.01

/**
 * Ages are told by the wall clock. Where that moved otherwise than the monotonic one since the last run, they are not
 * to be trusted: nothing is removed on their word.
 */
export class ClockGuard {
  #last: { wall: number; monotonic: number } | undefined
  #jump = 0

  /** Between two runs too, which may be another process's. Milliseconds both. */
  look(now: { wall: number; monotonic: number }): void {
    const last = this.#last
    this.#last = now
    if (!last) return
    const passed = now.monotonic - last.monotonic
    const jump = now.wall - last.wall - passed
    if (Math.abs(jump) > Math.max(smallestJump, passed * drift)) this.#jump = jump
  }

  /** @returns how far the wall clock last jumped since this was asked before, in milliseconds; 0 when it can be trusted */
  takeJump(): number {
    const jump = this.#jump
    this.#jump = 0
    return jump
  }
}
