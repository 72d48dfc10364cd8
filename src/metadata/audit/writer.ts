import { randomBytes } from 'node:crypto'
import type { Transaction } from '../engine.ts'
import { largestBatch, type SealedEvent } from './batch.ts'
import { type AuditEntry, hashOfEvent } from './entry.ts'
import { type ChainHead, lockHead, seal } from './seal.ts'
import { insertEvent, insertWriter, noteSeen, standingOf } from './writer-statements.ts'

/** One life of a writer: others end it when it was silent for long. */
interface Life {
  readonly name: string
  /** Whether the chain knows the writer: rows of one that it does not know are taken for a stranger's. */
  announced: boolean
  last: number
  /** Rows that are committed and not sealed, in no order. */
  waiting: SealedEvent[]
  /** Transactions under way that wrote rows. */
  readonly open: Set<Records>
  seenAt: number
}

/** Who was silent for longer may have been ended by another. A third of `silence`, and milliseconds. */
const longestSilence = 100_000
/** Beyond, what waits is left to others to seal: the chain can't be written, and memory is not for that. */
const mostWaiting = 200_000

/**
 * Writes the rows of the audit log in the transactions of what they tell of, and seals them afterwards from memory: what is
 * changed in the database in between is found too.
 */
export class AuditWriter {
  readonly #now: () => number
  #life: Life
  /** Rows written since the start. */
  written = 0
  /** Where the chain ended when this writer last added to it. */
  head: ChainHead | undefined
  /** A batch that this writer added, and that was gone later. */
  lost: ChainHead | undefined

  /** @param now a clock that goes on while the process stands still; milliseconds */
  constructor(now: () => number = Date.now) {
    this.#now = now
    this.#life = newLife(now())
  }

  /** For one transaction, or one part of it that can be undone by itself. */
  begin(): Records {
    return new Records(this)
  }

  get waiting(): number {
    return this.#life.waiting.length
  }

  /** Whether it must be told to others that it is there. */
  get announced(): boolean {
    return this.#life.announced
  }

  /** The life that new rows belong to. */
  life(): Life {
    const silent = this.#now() - this.#life.seenAt > longestSilence
    if (this.#life.announced && (silent || this.#life.waiting.length > mostWaiting)) this.renew()
    return this.#life
  }

  /** What waits is left for others to seal. */
  renew(): void {
    this.#life = newLife(this.#now())
  }

  seen(life: Life): void {
    life.seenAt = this.#now()
  }

  /** Tells others that it is there. */
  async showUp(tx: Transaction): Promise<void> {
    const life = this.#life
    if (!life.announced) return
    const asked = this.#now()
    if ((await tx.run(noteSeen, { writer: life.name })) === 0) this.renew()
    else life.seenAt = asked
  }

  /**
   * Seals rows that are committed, at most one batch, and no row behind one that may still be.
   * @returns what to call when the transaction took place; undefined: there was nothing to do
   */
  async seal(tx: Transaction, { ending = false } = {}): Promise<(() => void) | undefined> {
    const life = this.#life
    if (!life.announced) return undefined
    const before = firstOpen(life)
    const ready = life.waiting
      .filter(({ sequence }) => sequence < before)
      .sort((a, b) => a.sequence - b.sequence)
    if (ready.length === 0 && !ending) return undefined
    const head = await lockHead(tx)
    if (this.head && head.number < this.head.number) this.lost = this.head
    const standing = await tx.first(standingOf, { writer: life.name })
    if (!standing || standing.ended === 1) {
      this.renew()
      return undefined
    }
    // Of some it may not be known that a batch before, whose COMMIT was lost, has them.
    const events = ready.filter(({ sequence }) => sequence > standing.sealed).slice(0, largestBatch)
    const last = events.at(-1)?.sequence ?? standing.sealed
    const ended = ending && life.open.size === 0 && !life.waiting.some(({ sequence }) => sequence > last)
    const sealed =
      events.length > 0 || ended
        ? await seal(tx, head, { writer: life.name, after: standing.sealed, events, ended })
        : head
    return () => {
      this.head = sealed
      life.waiting = life.waiting.filter(({ sequence }) => sequence > last)
      this.seen(life)
      if (ended && this.#life === life) this.renew()
    }
  }
}

/** What one transaction records. */
export class Records {
  readonly #writer: AuditWriter
  #life: Life | undefined
  #announces = false
  #rows: SealedEvent[] = []
  first = Number.POSITIVE_INFINITY

  constructor(writer: AuditWriter) {
    this.#writer = writer
  }

  async record(tx: Transaction, entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return
    const life = await this.#begin(tx)
    for (const entry of entries) {
      life.last += 1
      const sequence = life.last
      this.first = Math.min(this.first, sequence)
      const { age: _, firstAge: __, ...values } = storable(entry)
      const times = await tx.first(insertEvent, { ...entry, ...values, writer: life.name, sequence })
      if (!times) throw new Error('a row of the audit log was not written')
      const hash = hashOfEvent({ ...values, ...times, writer: life.name, sequence })
      this.#rows.push({ sequence, hash, doubtful: false })
    }
  }

  /** The transaction took place. */
  committed(): void {
    this.#writer.written += this.#rows.length
    this.#end(this.#rows)
  }

  /** It did not. */
  undone(): void {
    this.#end([])
  }

  /** Nobody knows whether it did. */
  doubtful(): void {
    this.#end(this.#rows.map((row) => ({ ...row, doubtful: true })))
  }

  async #begin(tx: Transaction): Promise<Life> {
    if (this.#life) return this.#life
    const life = this.#writer.life()
    this.#life = life
    life.open.add(this)
    if (life.announced) return life
    this.#announces = true
    // Last of all locks, so that who waits for it holds up nobody who has it.
    const head = await lockHead(tx)
    if (await tx.first(standingOf, { writer: life.name })) return life
    await tx.run(insertWriter, { writer: life.name })
    await seal(tx, head, { writer: life.name, after: 0, events: [], ended: false })
    return life
  }

  #end(rows: readonly SealedEvent[]): void {
    const life = this.#life
    this.#life = undefined
    this.#rows = []
    if (!life) return
    life.open.delete(this)
    life.waiting.push(...rows)
    if (this.#announces && rows.length > 0 && !rows[0]?.doubtful) {
      life.announced = true
      this.#writer.seen(life)
    }
  }
}

/** As a database gives it back: none takes every text as it is. */
function storable(entry: AuditEntry): AuditEntry {
  const { who, subject, address } = entry
  return { ...entry, who: plain(who), subject: subject && plain(subject), address: address && plain(address) }
}

function plain(text: string): string {
  return text.toWellFormed().replaceAll('\0', '?')
}

function newLife(now: number): Life {
  return {
    name: randomBytes(8).toString('hex'),
    announced: false,
    last: 0,
    waiting: [],
    open: new Set(),
    seenAt: now,
  }
}

/** Rows from there on may still be committed, or not. */
function firstOpen({ open }: Life): number {
  let first = Number.POSITIVE_INFINITY
  for (const records of open) first = Math.min(first, records.first)
  return first
}
