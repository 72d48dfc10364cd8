import type { Logger } from '../logging/logger.ts'
import type { AttemptEnd, Claimed, ClaimedDelivery } from '../metadata/changes/deliveries.ts'
import type { ChangesMetadata, NotificationsStore, StoredWebhook } from '../metadata/metadata-store.ts'
import { type Attempt, attempt, type Sender } from '../notifications/attempt.ts'
import { backoff } from '../notifications/backoff.ts'
import { toldEventOf } from '../notifications/envelope.ts'
import { type ScheduledJob, schedule } from './schedule.ts'

export interface CourierOptions {
  readonly metadata: ChangesMetadata & NotificationsStore
  readonly sender: Sender
  readonly logger: Logger
  /** Milliseconds that an event is tried for. */
  readonly retryFor: number
  /** From 0 up to 1. */
  random(): number
  newId(): string
  /** Milliseconds between two looks at the queue. */
  readonly pace?: number
  /** Milliseconds until the next attempt, for tests. */
  readonly delay?: typeof backoff
}

/** Milliseconds. */
const usualPace = 1000
/** Requests at once: to one webhook, so that a slow one holds back nobody, and to all. */
const mostToOne = 4
const mostToAll = 64
/** Webhooks that one look finds. */
const mostWebhooks = 1000
/** Beyond the time that an attempt may take, until it counts as given up. Milliseconds. */
const leaseSlack = 20_000
/** A receiver that asks for more time than this is asked before. Milliseconds. */
const longestRetryAfter = 3_600_000
/** Attempts that are under way when the process ends have this long. Milliseconds. */
const farewell = 2000
/** A webhook is not paused before it failed for this long, however short events are tried for. Milliseconds. */
const shortestPause = 86_400_000
const longestProblem = 500

/**
 * Tells webhooks of the events that wait for them. Processes that share the metadata share the queue: each claims what
 * it sends, and what a process claimed that died is another's after a while.
 */
export class Courier implements ScheduledJob {
  readonly #options: CourierOptions
  #schedule: ScheduledJob | undefined
  readonly #ending = new AbortController()
  /** Attempts by webhook, and all of them. */
  readonly #underWay = new Map<string, number>()
  #all = 0
  readonly #attempts = new Set<Promise<void>>()
  readonly #counts = { delivered: 0, retried: 0, failed: 0 }

  constructor(options: CourierOptions) {
    this.#options = options
  }

  start(): void {
    const { pace = usualPace, logger } = this.#options
    this.#schedule = schedule(() => this.look(), {
      interval: pace,
      failed: (error) => logger.error('webhooks could not be told', { error: String(error) }),
    })
  }

  /** What this process did since it started. */
  get counts(): Readonly<{ delivered: number; retried: number; failed: number }> {
    return this.#counts
  }

  /** Begins whatever is due now. */
  async look(): Promise<void> {
    const due = await this.#options.metadata.listDueWebhooks({ limit: mostWebhooks })
    // In another order each time: where there are too many for all, each comes to its turn.
    for (const webhook of shuffled(due, this.#options.random)) await this.#serve(webhook)
  }

  /** Lets attempts that are under way end, or breaks them off: they are made once more. */
  async stop(): Promise<void> {
    await this.#schedule?.stop()
    const ended = Promise.all(this.#attempts)
    await Promise.race([ended, Bun.sleep(farewell)])
    this.#ending.abort()
    await Promise.all(this.#attempts)
  }

  async #serve(webhook: string): Promise<void> {
    const { metadata, sender, newId } = this.#options
    const free = Math.min(mostToOne - (this.#underWay.get(webhook) ?? 0), mostToAll - this.#all)
    if (free <= 0 || this.#ending.signal.aborted) return
    const lease = sender.timeout + leaseSlack
    // Reserved while it asks: another look may come to the same webhook.
    this.#count(webhook, free)
    let found: Claimed | undefined
    try {
      found = await metadata.change('claimDeliveries', { webhook, claim: newId(), limit: free, lease })
    } finally {
      this.#count(webhook, (found?.deliveries.length ?? 0) - free)
    }
    if (found) for (const delivery of found.deliveries) this.#begin(found.webhook, delivery)
  }

  #begin(webhook: StoredWebhook, delivery: ClaimedDelivery): void {
    const made: Promise<void> = this.#deliver(webhook, delivery)
      .catch((error: unknown) =>
        // Where its end can't be recorded, its lease ends it.
        this.#options.logger.error('a delivery could not be recorded', {
          delivery: delivery.id,
          error: String(error),
        }),
      )
      .then(() => {
        this.#count(webhook.id, -1)
        this.#attempts.delete(made)
        // What waited behind it need not wait for the next look.
        void this.#serve(webhook.id).catch(() => undefined)
      })
    this.#attempts.add(made)
  }

  #count(webhook: string, by: number): void {
    const count = (this.#underWay.get(webhook) ?? 0) + by
    if (count === 0) this.#underWay.delete(webhook)
    else this.#underWay.set(webhook, count)
    this.#all += by
  }

  async #deliver(webhook: StoredWebhook, delivery: ClaimedDelivery): Promise<void> {
    const { metadata, sender, logger } = this.#options
    const made = await attempt(sender, webhook, toldEventOf(delivery), this.#ending.signal)
    const end = this.#endOf(webhook, delivery, made)
    await metadata.change('endAttempt', end)
    const facts = { webhook: webhook.name, delivery: delivery.id, attempt: delivery.attempts }
    if (end.state === 'delivered') {
      this.#counts.delivered += 1
      logger.debug('told a webhook', { ...facts, status: made.status ?? 0 })
      return
    }
    const problem = end.problem ?? ''
    if (end.state === 'waiting') {
      this.#counts.retried += 1
      logger.info('a webhook was not told, and will be tried again', { ...facts, problem, in_ms: end.delay })
    } else {
      this.#counts.failed += 1
      logger.warn('gave up telling a webhook', { ...facts, problem })
    }
    await this.#pauseWhereHopeless(webhook, made)
  }

  #endOf(webhook: StoredWebhook, delivery: ClaimedDelivery, made: Attempt): AttemptEnd {
    const { retryFor, random, delay: delayOf = backoff } = this.#options
    const { id, claim, attempts, age } = delivery
    const { status, duration, endpoint } = made
    const asked = Math.min(made.retryAfter ?? 0, longestRetryAfter)
    // Broken off by the end of this process, which is no fault of the receiver's.
    const own = this.#ending.signal.aborted && endpoint === 'unknown'
    const left = retryFor - age
    const state = made.delivered ? 'delivered' : left > 0 || own ? 'waiting' : 'failed'
    // The last attempt is made when the time is over.
    const delay =
      state === 'waiting' && !own ? Math.min(Math.max(delayOf(attempts, random()), asked), left) : 0
    const failures = (webhook.failures ?? 0) + 1
    return {
      id,
      claim: claim ?? '',
      webhook: webhook.id,
      state,
      delay: Math.max(delay, 0),
      status,
      problem: made.problem?.replaceAll('\0', '').toWellFormed().slice(0, longestProblem) ?? null,
      duration,
      endpoint:
        endpoint === 'fails'
          ? { state: 'fails', delay: Math.max(delayOf(failures, random()), asked) }
          : { state: endpoint === 'gone' ? 'unknown' : endpoint },
    }
  }

  /** Whom nobody can reach for days, or who says that it is gone, is not sent any more before somebody looks at it. */
  async #pauseWhereHopeless({ id, name, failing_since }: StoredWebhook, made: Attempt): Promise<void> {
    const { metadata, logger, retryFor, sender } = this.#options
    const patience = Math.max(retryFor, shortestPause)
    const failedFor = made.endpoint === 'fails' && failing_since !== null ? sender.now() - failing_since : 0
    if (made.endpoint !== 'gone' && failedFor < patience) return
    const since = failing_since === null ? '' : ` since ${new Date(failing_since).toISOString()}`
    const why = made.endpoint === 'gone' ? 'the receiver answered 410' : `nothing but failures${since}`
    if (await metadata.change('pauseWebhook', { id, why }))
      logger.warn('paused a webhook', { webhook: name, why })
  }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
