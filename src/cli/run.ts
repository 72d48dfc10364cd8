import { SettingError } from '../config/load.ts'
import { type Command, type ExitCode, UsageError } from './command.ts'
import { version } from './commands/version.ts'
import { commandGroups, commands, innerCommands } from './commands.ts'
import { columns } from './output/columns.ts'

/** Runs the command that the arguments name. @returns the exit code */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const [name = '--help', ...others] = args
  if (name === '--help' || name === '-h' || name === 'help') return help(others)
  if (name === '--version' || name === '-v') return version.run([])
  const command = commandOf(args)
  const asksForHelp = others.includes('--help') || others.includes('-h')
  if (!command) {
    if (commandsUnder(name).length > 0 && (others.length === 0 || asksForHelp)) return help([name])
    const given = JSON.stringify(args.slice(0, commandsUnder(name).length > 0 ? 2 : 1).join(' '))
    return fail(`unknown command ${given}; berth --help lists them`, 2)
  }
  if (asksForHelp) return help(args)
  try {
    return await command.run(args.slice(command.name.split(' ').length))
  } catch (error) {
    if (error instanceof UsageError || error instanceof SettingError) {
      return fail(`${error.message}\nberth ${command.name} --help tells what it takes`, 2)
    }
    if (error instanceof Error) return fail(messageOf(error), 1)
    throw error
  }
}

/** A command's name is a word, or nouns and a verb: `gc`, `trash list`, `team member add`. The longest one counts. */
function commandOf(args: readonly string[]): Command | undefined {
  for (const words of [3, 2, 1]) {
    const name = args.slice(0, words).join(' ')
    const command = args.length >= words && [...commands, ...innerCommands].find((one) => one.name === name)
    if (command) return command
  }
  return undefined
}

function commandsUnder(noun: string): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${noun} `))
}

function help(words: readonly string[]): ExitCode {
  const command = commandOf(words)
  const group = commandsUnder(words[0] ?? '')
  if (command) process.stdout.write(command.help())
  else if (group.length > 0) process.stdout.write(list(`berth ${words[0]} VERB`, group))
  else process.stdout.write(overview())
  return words.length === 0 || command || group.length > 0 ? 0 : 2
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const groups = commandGroups.map(
    (group) =>
      `${group.title}:\n${columns(rowsOf(group.commands).map(([name, summary]) => [name.padEnd(width), summary]))}\n`,
  )
  return `Berth, an image registry.

Usage: berth COMMAND [FLAGS]

${groups.join('\n')}
berth COMMAND --help tells more about one.

To start a registry here:  berth serve
`
}

function list(usage: string, listed: readonly Command[]): string {
  return `Usage: ${usage} [FLAGS]

Commands:
${columns(rowsOf(listed))}

berth COMMAND --help tells more about one.
`
}

function rowsOf(listed: readonly Command[]): [string, string][] {
  return listed.map(({ name, summary }) => [name, summary])
}

/** What a person can act on; where we don't know the error, everything that it says. */
function messageOf(error: Error): string {
  // What it can't read is no part of the data directory.
  if (error.name === 'SourceError') return error.message
  const { code, path } = (error.cause instanceof Error ? error.cause : error) as NodeJS.ErrnoException
  const place = path ?? 'the data directory'
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `this user may not write to ${place}: give it the right, or choose another directory with --data`
    case 'EROFS':
      return `${place} is on a read-only filesystem: choose another directory with --data`
    case 'ENOTDIR':
      return `${place} is not a directory: choose another with --data`
    case 'ENOSPC':
      return `the disk of ${place} is full: make room, or choose another directory with --data`
    default:
      return understood.includes(error.name) ? error.message : (error.stack ?? error.message)
  }
}

/** Errors whose message says what to do. */
const understood: readonly string[] = [
  'CommandError',
  'DataDirectoryError',
  'DataInUseError',
  'DatabaseTooNewError',
  'KeyPairError',
  'ListenError',
  'RegistryError',
  'RemoteError',
  'WorkerStartError',
]

function fail(message: string, code: ExitCode): ExitCode {
  process.stderr.write(`berth: ${message}\n`)
  return code
}
