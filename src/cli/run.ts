import { SettingError } from '../config/load.ts'
import { type Command, type ExitCode, UsageError } from './command.ts'
import { commandGroups, commandNames, loadAll, loadCommand } from './commands.ts'
import { columns } from './output/columns.ts'

/** Runs the command that the arguments name. @returns the exit code */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const [name = '--help', ...others] = args
  if (name === '--help' || name === '-h' || name === 'help') return help(others)
  if (name === '--version' || name === '-v') return run(['version'])
  const command = await commandOf(args)
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
async function commandOf(args: readonly string[]): Promise<Command | undefined> {
  for (const words of [3, 2, 1]) {
    const command = args.length >= words && (await loadCommand(args.slice(0, words).join(' ')))
    if (command) return command
  }
  return undefined
}

function commandsUnder(noun: string): readonly string[] {
  return commandNames.filter((name) => name.startsWith(`${noun} `))
}

async function help(words: readonly string[]): Promise<ExitCode> {
  const command = await commandOf(words)
  const group = commandsUnder(words[0] ?? '')
  if (command) process.stdout.write(command.help())
  else if (group.length > 0) process.stdout.write(list(`berth ${words[0]} VERB`, await loadAll(group)))
  else process.stdout.write(await overview())
  return words.length === 0 || command || group.length > 0 ? 0 : 2
}

async function overview(): Promise<string> {
  const width = Math.max(...commandNames.map((name) => name.length))
  const groups = await Promise.all(
    commandGroups.map(async ({ title, commands }) => {
      const rows = rowsOf(await loadAll(Object.keys(commands)))
      return `${title}:\n${columns(rows.map(([name, summary]) => [name.padEnd(width), summary]))}\n`
    }),
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
