export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export const logFormats = ['text', 'json'] as const
export type LogFormat = (typeof logFormats)[number]

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /**
   * For a line that is written at every request: its fields as they stand in a line for people, of texts that
   * `isPlain`. Undefined where lines are for machines.
   */
  readonly infoText: ((message: string, fields: string) => void) | undefined
  /** Whether lines of the level are written: ask before gathering what they would say. */
  writes(level: LogLevel): boolean
}

/** Takes finished lines, one or several at a time, each with its newline. */
export interface LineSink {
  write(lines: string): void
}

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly sink: LineSink
  /** Milliseconds since 1970. */
  now(): number
}

export function createLogger({ level, format, sink, now }: LoggerOptions): Logger {
  const lowest = logLevels.indexOf(level)
  const writes = (asked: LogLevel) => logLevels.indexOf(asked) >= lowest
  const line = format === 'json' ? jsonLine : textLine
  const time = format === 'json' ? isoTimes() : plainTimes()
  const at = (own: LogLevel) =>
    writes(own)
      ? (message: string, fields: LogFields = {}) => sink.write(line(time(now()), own, message, fields))
      : () => undefined
  const infoText = (message: string, fields: string) => {
    if (writes('info')) sink.write(`${lineStart(time(now()), 'info', message)} ${fields}\n`)
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    infoText: format === 'text' ? infoText : undefined,
    writes,
  }
}

/** Whether the text stands in a line for people as it is, without quotes. */
export function isPlain(text: string): boolean {
  return !needsQuotes.test(text)
}

/** Times as text; under load many lines share a millisecond, and a time costs a third of a line. */
function isoTimes(): (milliseconds: number) => string {
  let last = Number.NaN
  let text = ''
  return (milliseconds) => {
    if (milliseconds !== last) {
      last = milliseconds
      text = new Date(milliseconds).toISOString()
    }
    return text
  }
}

function plainTimes(): (milliseconds: number) => string {
  let last = ''
  let text = ''
  const iso = isoTimes()
  return (milliseconds) => {
    const time = iso(milliseconds)
    if (time !== last) {
      last = time
      text = `${time.slice(0, 10)} ${time.slice(11, 23)}`
    }
    return text
  }
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  return `${escaped(JSON.stringify({ time, level, message, ...fields }))}\n`
}

/** For people: `2026-01-02 12:34:56.789 info  request method=GET status=200`. */
function textLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  let line = lineStart(time, level, message)
  for (const name in fields) {
    const value = fields[name]
    if (value !== undefined && value !== '')
      line += ` ${name}=${typeof value === 'string' ? quoted(value) : value}`
  }
  return `${line}\n`
}

const padded = { debug: 'debug', info: 'info ', warn: 'warn ', error: 'error' } as const satisfies Record<
  LogLevel,
  string
>

function lineStart(time: string, level: LogLevel, message: string): string {
  return `${time} ${padded[level]} ${plain(message)}`
}

const unremarkable = /^[ \x21\x23-\x5b\x5d-\x7e]*$/
const needsQuotes = /[^\x21\x23-\x7e]/
/** What JSON leaves as it is and a terminal obeys: C1 controls, and marks that turn the direction of the text. */
const steering = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** As it stands in a line for people: in quotes where a space or a control would mislead. */
export function quoted(value: string): string {
  return needsQuotes.test(value) ? escaped(JSON.stringify(value)) : value
}

/** A line of the log is one line, and shows what it says, whatever a client put into a header. */
function escaped(json: string): string {
  return json.replace(steering, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function plain(message: string): string {
  if (unremarkable.test(message)) return message
  const text = escaped(JSON.stringify(message))
  return text === `"${message}"` ? message : text
}
