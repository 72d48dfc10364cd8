import { targetOf } from './spread.ts'

/** The request was never answered: it may have been carried out or not. */
export class Unanswered extends Error {
  constructor(what: string, cause: unknown) {
    super(`${what} was not answered: ${cause instanceof Error ? cause.message : cause}`, { cause })
    this.name = 'Unanswered'
  }
}

/** The registry answered, and not with what the request asks for. */
export class Refused extends Error {
  readonly status: number
  /** Of the registry's error; empty where it gave none. */
  readonly code: string

  constructor(what: string, answer: Answer) {
    const text = new TextDecoder().decode(answer.body)
    super(`${what} was answered ${answer.status}: ${text.slice(0, 500)}`)
    this.name = 'Refused'
    this.status = answer.status
    this.code = /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? ''
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

export interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
  /** Statuses that are answers; any other is a refusal. */
  readonly expect: readonly number[]
}

/** Nothing that the harnesses send takes this long on a machine that is merely busy. Milliseconds. */
const patience = 60_000

/** @throws Unanswered, Refused */
export async function ask(url: string, asked: Asked): Promise<Answer> {
  const { method = 'GET', headers = {}, expect } = asked
  const what = `${method} ${url.replace(/^http:\/\/[^/]+/, '')}`
  const answer = await answerOf(url, what, { ...asked, method, headers })
  if (!expect.includes(answer.status)) throw new Refused(what, answer)
  return answer
}

async function answerOf(url: string, what: string, asked: Asked): Promise<Answer> {
  try {
    const response = await fetch(targetOf(url), {
      method: asked.method ?? 'GET',
      headers: asked.headers ?? {},
      ...(asked.body ? { body: asked.body } : {}),
      signal: AbortSignal.timeout(patience),
    })
    const body = await response.bytes()
    const announced = response.headers.get('content-length')
    // An answer that was cut off half-way is none.
    if (asked.method !== 'HEAD' && announced !== null && Number(announced) !== body.length)
      throw new Error(`${announced} bytes were announced and ${body.length} came`)
    return { status: response.status, headers: response.headers, body }
  } catch (error) {
    throw new Unanswered(what, error)
  }
}
