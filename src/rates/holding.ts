import { parts, type Rate } from './rolling-window.ts'
import type { Share, ShareAsk } from './shares.ts'

/** How long a share is good for, so that what is used of it was counted a moment before. Milliseconds. */
const shareTime = 2000
/** What was told of all processes' uses is taken for true for so long. Milliseconds. */
const freshTime = 1000

/** How a key stands after a use was asked for, or without one. */
export interface Standing {
  /** Whether the use may go ahead; it is counted then. */
  readonly allowed: boolean
  /** Uses left, as far as this process knows. */
  readonly remaining: number
  /** Milliseconds until there is one; 0 while some remain. */
  readonly wait: number
}

/** What a process knows of one key, and holds for it. */
export class Holding {
  readonly key: string
  readonly rate: Rate
  /** Uses that wait for an answer. */
  waiting = 0
  #share = 0
  #goodUntil = 0
  /** Whether something of its share was used that nobody was told of. */
  #used = false
  #owed = 0
  #want = 1
  /** Uses that are left for all processes, without what this one holds. */
  #remaining: number
  #wait = 0
  #toldAt = Number.NEGATIVE_INFINITY
  #usedAt = Number.NEGATIVE_INFINITY

  constructor(key: string, rate: Rate) {
    this.key = key
    this.rate = rate
    this.#remaining = rate.most
  }

  /** Uses one of its share. */
  spend(now: number): boolean {
    if (this.#share <= 0 || now >= this.#goodUntil) return false
    this.#spendOne(now)
    return true
  }

  /** How it stands where nothing is refused. */
  standing(): Standing {
    return { allowed: true, remaining: this.#remaining + this.#share, wait: 0 }
  }

  refusal(now: number): Standing {
    return { allowed: false, remaining: 0, wait: Math.max(1, this.#toldAt + this.#wait - now) }
  }

  isFresh(now: number): boolean {
    return now - this.#toldAt < freshTime
  }

  /** A moment ago there was none left for anybody. */
  isUsedUp(now: number): boolean {
    return this.#share <= 0 && this.#remaining <= 0 && this.isFresh(now) && this.#toldAt + this.#wait > now
  }

  /** Whether it has something that others should know of, and nobody used it lately. */
  isIdle(now: number): boolean {
    return this.#owed > 0 || now >= this.#goodUntil || now - this.#usedAt >= freshTime
  }

  get holdsNothing(): boolean {
    return this.#share + this.#owed === 0 && !this.#used
  }

  /** Nobody answers: as long as this process knows of uses that are left, one goes ahead. */
  takeUnasked(now: number): Standing {
    // What was known a window ago tells nothing any more.
    if (now - this.#toldAt >= this.rate.window) this.#told({ remaining: this.rate.most, wait: 0 }, now)
    if (this.#share > 0) {
      this.#spendOne(now)
      return this.standing()
    }
    if (this.#remaining > 0) {
      this.#remaining -= 1
      this.#owed += 1
      if (this.#remaining === 0) this.#wait = this.rate.window
      return this.standing()
    }
    return this.refusal(now)
  }

  /** Everything that it holds goes with the question. */
  ask(now: number): ShareAsk {
    const need = this.waiting
    // Who asks again soon gets twice as much; who comes now and then, what he needs, and holds nothing back from others.
    this.#want = now - this.#usedAt < freshTime ? Math.min(this.#want * 2, this.rate.most) : 1
    const asked = {
      key: this.key,
      rate: this.rate,
      need,
      want: need === 0 ? 0 : Math.max(need, this.#want),
      usedAgo: this.#used ? Math.max(0, now - this.#usedAt) : undefined,
      returned: this.#share,
      owed: this.#owed,
    }
    this.#share = 0
    this.#used = false
    this.#owed = 0
    return asked
  }

  answer({ granted, remaining, wait }: Share, now: number): void {
    this.#share += granted
    if (granted > 0) this.#goodUntil = now + Math.min(shareTime, this.rate.window / parts)
    this.#told({ remaining, wait }, now)
  }

  /** Nobody knows whether it was heard: what was used is said again, what was given back is not. */
  unanswered({ usedAgo, owed }: ShareAsk): void {
    this.#used ||= usedAgo !== undefined
    this.#owed += owed
  }

  #spendOne(now: number): void {
    this.#share -= 1
    this.#used = true
    this.#usedAt = now
  }

  #told({ remaining, wait }: { remaining: number; wait: number }, now: number): void {
    this.#remaining = remaining
    this.#wait = wait
    this.#toldAt = now
  }
}
