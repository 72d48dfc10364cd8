import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText } from '../../test/support/grammar.ts'
import { createLogger, type LogFormat, type LogLevel, logLevels } from './logger.ts'

function logTo({ format = 'text' as LogFormat, level = 'debug' as LogLevel } = {}) {
  const lines: string[] = []
  const logger = createLogger({
    level,
    format,
    sink: { write: (line) => lines.push(line) },
    now: () => Date.parse('2026-01-02T03:04:05.678Z'),
  })
  return { logger, lines }
}

/** Whatever a terminal or a log collector might take for the end of a line, or for a command. */
const controlCharacters = /[\p{Cc}\u2028\u2029]/u

describe('a line for people', () => {
  test('has time, level, message and fields', () => {
    const { logger, lines } = logTo()
    logger.info('request', { method: 'GET', status: 200, fast: true })
    expect(lines).toEqual(['2026-01-02 03:04:05.678 info  request method=GET status=200 fast=true\n'])
  })

  test('leaves out fields that are empty or missing', () => {
    const { logger, lines } = logTo()
    logger.warn('request', { caller: '', client: undefined, bytes: 0 })
    expect(lines).toEqual(['2026-01-02 03:04:05.678 warn  request bytes=0\n'])
  })

  test('quotes a value with spaces, quotes or letters beyond ASCII', () => {
    const { logger, lines } = logTo()
    logger.info('m', { a: 'two words', b: 'a "word"', c: 'é' })
    expect(lines[0]).toEndWith(' a="two words" b="a \\"word\\"" c="é"\n')
  })

  test.each([
    ['newline', '\n'],
    ['carriage return', '\r'],
    ['escape', '\u001b[2J'],
    ['NUL', '\0'],
    ['delete', '\u007f'],
    ['next line of Latin-1', '\u0085'],
    ['control sequence of Latin-1', '\u009b2J'],
    ['line separator', '\u2028'],
    ['paragraph separator', '\u2029'],
  ])('is never broken or coloured by a user agent with a %s', (_, hostile) => {
    const { logger, lines } = logTo()
    logger.info('request', { user_agent: `docker${hostile}forged line` })
    expect(lines[0]?.slice(0, -1)).not.toMatch(controlCharacters)
  })

  test('is one line of printable characters, whatever message and value are', () => {
    fc.assert(
      fc.property(anyText, anyText, (message, value) => {
        const { logger, lines } = logTo()
        logger.error(message, { value })
        expect(lines[0]).toEndWith('\n')
        expect(lines[0]?.slice(0, -1)).not.toMatch(controlCharacters)
      }),
    )
  })
})

describe('a line for machines', () => {
  test('is one JSON object with time, level, message and fields', () => {
    const { logger, lines } = logTo({ format: 'json' })
    logger.info('request', { status: 200, caller: '', client: undefined })
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      level: 'info',
      message: 'request',
      status: 200,
      caller: '',
    })
  })

  test('gives every well-formed text back as it was, on one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { logger, lines } = logTo({ format: 'json' })
        logger.info(text, { user_agent: text })
        const [line = ''] = lines
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(JSON.parse(line)).toMatchObject({ message: text, user_agent: text })
      }),
    )
  })
})

describe('the level', () => {
  test.each(logLevels)('%s writes lines of its own and of those that matter more', (level) => {
    const { logger, lines } = logTo({ level })
    for (const own of logLevels) logger[own](own)
    const expected = logLevels.slice(logLevels.indexOf(level))
    expect(lines.map((line) => line.trim().split(' ').at(-1))).toEqual([...expected])
    expect(logLevels.filter((own) => logger.writes(own))).toEqual([...expected])
  })
})
