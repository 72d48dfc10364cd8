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
  /** Whether lines of the level are written: ask before gathering what they would say. */
  writes(level: LogLevel): boolean
}

/** Takes finished lines, each with its newline. */
export interface LineSink {
  write(line: string): void
}

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly sink: LineSink
  now(): Date
}

export function createLogger({ level, format, sink, now }: LoggerOptions): Logger {
  const lowest = logLevels.indexOf(level)
  const writes = (asked: LogLevel) => logLevels.indexOf(asked) >= lowest
  const line = format === 'json' ? jsonLine : textLine
  const at = (own: LogLevel) =>
    writes(own)
      ? (message: string, fields: LogFields = {}) =>
          sink.write(line(now().toISOString(), own, message, fields))
      : () => undefined
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), writes }
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  return `${escaped(JSON.stringify({ time, level, message, ...fields }))}\n`
}

/** For people: `12:34:56.789 info  request method=GET status=200`. */
function textLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  let line = `${time.slice(0, 10)} ${time.slice(11, 23)} ${level.padEnd(5)} ${plain(message)}`
  for (const name in fields) {
    const value = fields[name]
    if (value !== undefined && value !== '')
      line += ` ${name}=${typeof value === 'string' ? quoted(value) : value}`
  }
  return `${line}\n`
}

const needsQuotes = /[^\x21\x23-\x7e]/
/** What JSON leaves as it is and a terminal obeys: C1 controls, and marks that turn the direction of the text. */
const steering = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function quoted(value: string): string {
  return needsQuotes.test(value) ? escaped(JSON.stringify(value)) : value
}

/** A line of the log is one line, and shows what it says, whatever a client put into a header. */
function escaped(json: string): string {
  return json.replace(steering, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function plain(message: string): string {
  const text = escaped(JSON.stringify(message))
  return text === `"${message}"` ? message : text
}
