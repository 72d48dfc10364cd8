import { expect } from 'bun:test'
import type { RawAnswer } from './raw-answer.ts'
import type { Outcome } from './raw-http.ts'
import { type ErrorCode, errorCodes, type Message, parserStatuses, type Row } from './row.ts'

/** Long enough for a reason; what a client sent is never sent back whole. Bytes. */
const longestError = 8 * 1024

/** Holds the outcome against the row, and against what is true of every answer. Resolves with the answer, if any. */
export function judge(row: Row, message: Message, outcome: Outcome): RawAnswer | undefined {
  if (outcome.ended !== 'answered') {
    expect(outcome.ended, 'how the exchange ended').toBe('closed')
    expect(row.parser, 'closed without an answer, which only a parser may do').toBe(true)
    expect(outcome.received.toString('latin1'), 'received before the end').toBe('')
    return undefined
  }
  const { answer, surplus } = outcome
  const refusedByParser = row.parser === true && parserStatuses.includes(answer.status)
  const allowed = row.parser ? [...row.status, ...parserStatuses] : row.status
  expect(allowed, `statuses; the answer was ${summary(answer)}`).toContain(answer.status)
  if (!message.mayGoOn) expect(surplus.toString('latin1'), 'sent beyond the answer').toBe('')
  if (refusedByParser) return answer
  expect(answer.status, summary(answer)).toBeLessThan(500)
  expect(answer.headers.get('content-type') ?? '', 'content type').not.toContain('html')
  if (message.target?.startsWith('/v2/')) {
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
  }
  if (answer.status === 405) expect(answer.headers.get('allow') ?? '').toMatch(/^[A-Z]+(, ?[A-Z]+)*$/)
  if (answer.status >= 400 && message.method !== 'HEAD') expectErrorForm(answer, row.code ?? errorCodes)
  expectSoundLocation(answer)
  return answer
}

function expectErrorForm(answer: RawAnswer, codes: readonly ErrorCode[]): void {
  expect(answer.headers.get('content-type'), summary(answer)).toMatch(
    /^application\/json(; ?charset=utf-8)?$/,
  )
  expect(answer.body.length, 'bytes of an error').toBeLessThan(longestError)
  const { errors } = JSON.parse(answer.body.toString('utf8')) as { errors: Record<string, unknown>[] }
  expect(errors, 'errors').toBeArray()
  expect(errors, 'errors').not.toBeEmpty()
  for (const { code, message, ...more } of errors) {
    expect(codes as readonly unknown[], `codes; the answer was ${summary(answer)}`).toContain(code)
    expect(message, 'message').toBeString()
    expect(['', 'detail']).toContain(Object.keys(more).join())
  }
}

/** A Location or Link that a client can follow: into this registry, and without anything that was not escaped. */
function expectSoundLocation({ headers }: RawAnswer): void {
  const location = headers.get('location')
  if (location !== undefined) {
    expect(location).toMatch(/^(?:https?:\/\/127\.0\.0\.1(?::\d+)?)?\/v2\/[\w./:?&=%~-]+$/)
    expect(location).not.toContain('..')
  }
  const link = headers.get('link')
  if (link !== undefined) expect(link).toMatch(/^<[^<>\s"\\]+>; ?rel="next"$/)
}

function summary({ status, body }: RawAnswer): string {
  return `${status} ${body.toString('utf8', 0, 300)}`
}
