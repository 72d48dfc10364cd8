import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText } from '../../test/support/grammar.ts'
import { createLogger, type Logger } from '../logging/logger.ts'
import { type Access, logAccess } from './access-log.ts'

const access: Access = {
  id: 'a-1',
  method: 'GET',
  route: 'manifest',
  target: '/v2/app/manifests/latest',
  status: 200,
  bytesIn: 0,
  bytesOut: 512,
  duration: 1.23456,
  client: '127.0.0.1',
  caller: 'anonymous',
  userAgent: 'curl/8.1',
}

function linesOf(access: Access, change: (logger: Logger) => Logger = (logger) => logger): string[] {
  const lines: string[] = []
  const logger = createLogger({
    level: 'info',
    format: 'text',
    sink: { write: (line) => lines.push(line) },
    now: () => Date.parse('2026-01-02T03:04:05.678Z'),
  })
  logAccess(change(logger), access)
  return lines
}

/** A logger without the short way. */
const fieldByField = (logger: Logger): Logger => ({ ...logger, infoText: undefined })

test('a request is one line that tells who asked for what and how it ended', () => {
  expect(linesOf(access)).toEqual([
    '2026-01-02 03:04:05.678 info  request request=a-1 method=GET route=manifest target=/v2/app/manifests/latest status=200 bytes_in=0 bytes_out=512 duration_ms=1.235 client=127.0.0.1 caller=anonymous user_agent=curl/8.1\n',
  ])
})

test('the short way writes what the long way does, whatever a client sends', () => {
  const text = fc.oneof(anyText, fc.constantFrom('', 'plain', 'two words', '"quoted"', 'a\nb', '\u202e'))
  const texts = { target: text, client: text, caller: text, userAgent: text, method: text }
  fc.assert(
    fc.property(fc.record(texts), (given) => {
      fc.pre(given.method !== '' && given.target !== '')
      const asked = { ...access, ...given }
      expect(linesOf(asked)).toEqual(linesOf(asked, fieldByField))
    }),
  )
})
