import { UsageError } from '../command.ts'

/** The flag of every command with a result: text for people, JSON for programs. */
export const outputFlag = { output: { type: 'string' } } as const
export const outputHelp: [string, string] = ['--output', 'text, or json for programs [text]']

/** Prints a result on stdout, in the form that was asked for. */
export function printResult<T>(
  values: { output?: string | undefined },
  result: T,
  text: (result: T) => string,
): void {
  process.stdout.write(isJson(values) ? `${JSON.stringify(result, null, 2)}\n` : text(result))
}

/** @throws UsageError */
export function isJson({ output = 'text' }: { output?: string | undefined }): boolean {
  if (output === 'json' || output === 'text') return output === 'json'
  throw new UsageError(`--output is text or json, not ${JSON.stringify(output)}`)
}
