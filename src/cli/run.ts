import { SettingError } from '../config/load.ts'
import { type Command, type ExitCode, UsageError } from './command.ts'
import { healthcheck } from './commands/healthcheck.ts'
import { serve } from './commands/serve.ts'
import { version } from './commands/version.ts'
import { columns } from './output/columns.ts'

const commands: readonly Command[] = [serve, healthcheck, version]

/** Runs the command that the arguments name. @returns the exit code */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const [name = '--help', ...rest] = args
  if (name === '--help' || name === '-h' || name === 'help') return help(rest[0])
  if (name === '--version' || name === '-v') return version.run([])
  const command = commands.find((candidate) => candidate.name === name)
  if (!command) return fail(`unknown command ${JSON.stringify(name)}; berth --help lists them`, 2)
  if (rest.includes('--help') || rest.includes('-h')) return help(name)
  try {
    return await command.run(rest)
  } catch (error) {
    if (error instanceof UsageError || error instanceof SettingError) {
      return fail(`${error.message}\nberth ${name} --help tells what it takes`, 2)
    }
    if (error instanceof Error) return fail(messageOf(error), 1)
    throw error
  }
}

function help(name: string | undefined): ExitCode {
  const command = commands.find((candidate) => candidate.name === name)
  process.stdout.write(command ? command.help() : overview())
  return name === undefined || command ? 0 : 2
}

function overview(): string {
  return `Berth, an image registry.

Usage: berth COMMAND [FLAGS]

Commands:
${columns(commands.map(({ name, summary }) => [name, summary]))}

berth COMMAND --help tells more about one.

To start a registry here:  berth serve
`
}

/** What a person can act on; where we don't know the error, everything that it says. */
function messageOf(error: Error): string {
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
  'DataInUseError',
  'DatabaseTooNewError',
  'ListenError',
  'RegistryError',
]

function fail(message: string, code: ExitCode): ExitCode {
  process.stderr.write(`berth: ${message}\n`)
  return code
}
