import { connect, type Socket } from 'node:net'
import { parseAnswer, type RawAnswer } from './raw-answer.ts'

/** How an exchange over a raw connection ended. */
export type Outcome =
  | {
      readonly ended: 'answered'
      readonly answer: RawAnswer
      /** What the server sent beyond that one answer. */
      readonly surplus: Buffer
    }
  /** Closed or reset by the server before a whole answer. */
  | { readonly ended: 'closed'; readonly received: Buffer }
  /** Neither an answer nor an end in time. */
  | { readonly ended: 'silent'; readonly received: Buffer }

export interface RawExchange {
  readonly port: number
  /** Text is sent as latin-1: a byte for each character. */
  readonly bytes: Uint8Array | string
  /** The method, where the bytes don't start with it. */
  readonly method?: string
  /**
   * Whether to close our side where no answer comes, as a client does that has nothing more to say. Not at once: Bun
   * closes a connection whose other side is closed before an answer that takes a look at another machine is there.
   */
  readonly halfClose?: boolean
  /** Milliseconds to wait for the answer; four seconds unless given. */
  readonly timeout?: number
}

/** Long enough for a server on this machine to send what it still has behind an answer. Milliseconds. */
const quiet = 30

/** Long enough for an answer for which a database is asked. Milliseconds. */
const answerTime = 300

/** Sends the bytes as they are over a connection of their own, and resolves with what came back. */
export function exchange(options: RawExchange): Promise<Outcome> {
  const bytes = rawBytes(options.bytes)
  const method = options.method ?? bytes.toString('latin1', 0, Math.max(0, bytes.indexOf(' ')))
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    let answer: RawAnswer | undefined
    let surplus: Buffer = Buffer.alloc(0)
    const socket = connect({ port: options.port, host: '127.0.0.1', allowHalfOpen: true })
    const finish = (outcome: Outcome) => {
      clearTimeout(silence)
      socket.destroy()
      resolve(outcome)
    }
    const silence = setTimeout(() => finish({ ended: 'silent', received }), options.timeout ?? 4000)
    const look = (ended: boolean) => {
      try {
        const parsed = parseAnswer({ bytes: received, ended, method })
        if (parsed) ({ answer, rest: surplus } = parsed)
      } catch (error) {
        clearTimeout(silence)
        socket.destroy()
        reject(error)
        return
      }
      if (answer && ended) finish({ ended: 'answered', answer, surplus })
      else if (ended) finish({ ended: 'closed', received })
      else if (answer) setTimeout(() => look(true), quiet)
    }
    socket.on('connect', () => {
      socket.write(bytes)
      if (options.halfClose) setTimeout(() => socket.end(), answerTime)
    })
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      look(false)
    })
    socket.on('end', () => look(true))
    socket.on('close', () => look(true))
    socket.on('error', () => look(true))
  })
}

/** Sends the bytes and breaks the connection, as a client does that is killed. Resolves when they are on their way. */
export async function sendAndVanish({ port, bytes }: Pick<RawExchange, 'port' | 'bytes'>): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.write(rawBytes(bytes), () => resolve()))
  await arrival(socket)
  socket.resetAndDestroy()
}

/** Gives the server the time to read what is under way; a reset would discard it. */
async function arrival(socket: Socket): Promise<void> {
  while (socket.writableLength > 0) await Bun.sleep(5)
  await Bun.sleep(100)
}

export function rawBytes(bytes: Uint8Array | string): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes)
}
