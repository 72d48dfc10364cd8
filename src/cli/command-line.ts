import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './command.ts'

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>
>

/**
 * Reads a command's flags and names.
 * @param takes the names that it takes in order, as its usage shows them: `REPOSITORY`, `[TAG]` for one that may be
 * missing, `NAME...` for the rest
 * @throws UsageError
 */
export function parseCommandLine<const O extends Options>(
  args: readonly string[],
  { options, takes = [] }: { options: O; takes?: readonly string[] },
): Parsed<O> {
  const parsed = parse(args, options)
  const needed = takes.filter((name) => !name.startsWith('['))
  const given = parsed.positionals
  if (given.length < needed.length) throw new UsageError(`${needed[given.length]} is missing`)
  const open = takes.at(-1)?.endsWith('...') ?? false
  if (!open && given.length > takes.length)
    throw new UsageError(`${JSON.stringify(given[takes.length])} is one argument too many`)
  return parsed
}

function parse<O extends Options>(args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify a positional argument.*$/s, ''))
  }
}

/** The flag of a command that makes a data directory. */
export const dataFlag = { data: { type: 'string' } } as const

export function dataOf(values: { data?: string | undefined }): string {
  return values.data ?? process.env.BERTH_DATA ?? './berth-data'
}
