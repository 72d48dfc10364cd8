import { UsageError } from './command.ts'

/** @param what the flag or argument, for the message @throws UsageError */
export function requireServerUrl(text: string, what: string): string {
  if (/^https?:\/\/[^/\s?#@]+\/?$/.test(text) && URL.canParse(text)) return text
  throw new UsageError(`${what} is a URL such as http://localhost:5000, not ${JSON.stringify(text)}`)
}
