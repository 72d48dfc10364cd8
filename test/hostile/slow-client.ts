import { connect } from 'node:net'
import { parseAnswer, type RawAnswer } from './raw-answer.ts'

/** How a connection ended that a client took its time with. */
export interface SlowOutcome {
  /** Undefined: it was closed without one, or nothing happened in time. */
  readonly answer: RawAnswer | undefined
  /** Whether the server closed it, be it behind an answer. */
  readonly closed: boolean
  /** Seconds until it ended. */
  readonly seconds: number
  /** Bytes that were sent of the drops. */
  readonly dripped: number
}

export interface Dripping {
  readonly port: number
  /** Sent at once. */
  readonly start: string
  /** What follows, bit by bit; nothing unless given. */
  readonly drop?: string
  /** Milliseconds between two drops. */
  readonly every?: number
  /** How many drops; as many as are taken unless given. */
  readonly drops?: number
  /** Whether the client waits behind the answer until the connection is closed, or its patience ends. */
  readonly stays?: boolean
  /** Milliseconds after which the client gives up; twenty seconds unless given. */
  readonly patience?: number
}

/** Long enough for a close behind an answer to arrive. Milliseconds. */
const quiet = 1500

/** Sends a request as slowly as it is told to, and resolves with what the server made of it. */
export function drip(options: Dripping): Promise<SlowOutcome> {
  const { drop = '', every = 100, drops = drop === '' ? 0 : Number.POSITIVE_INFINITY } = options
  const method = options.start.slice(0, options.start.indexOf(' '))
  return new Promise((resolve) => {
    let received: Buffer = Buffer.alloc(0)
    let dripped = 0
    const started = performance.now()
    const socket = connect({ port: options.port, host: '127.0.0.1' })
    const tap = setInterval(() => {
      if (dripped >= drops * drop.length) return
      socket.write(drop)
      dripped += drop.length
    }, every)
    let answeredAt: number | undefined
    const finish = (closed: boolean) => {
      clearInterval(tap)
      clearTimeout(silence)
      socket.destroy()
      const answer = parseAnswer({ bytes: received, ended: closed, method })?.answer
      resolve({ answer, closed, seconds: ((answeredAt ?? performance.now()) - started) / 1000, dripped })
    }
    const silence = setTimeout(() => finish(false), options.patience ?? 20_000)
    socket.on('connect', () => socket.write(options.start))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (answeredAt !== undefined || !parseAnswer({ bytes: received, ended: false, method })) return
      answeredAt = performance.now()
      if (!options.stays) setTimeout(() => finish(false), quiet)
    })
    socket.on('close', () => finish(true))
    socket.on('error', () => undefined)
  })
}
