import { SettingError } from '../config/load.ts'
import { type Command, type ExitCode, UsageError } from './command.ts'
import { backup } from './commands/backup.ts'
import { gc } from './commands/gc.ts'
import { healthcheck } from './commands/healthcheck.ts'
import { importOci } from './commands/import/oci.ts'
import { importRegistry } from './commands/import/registry.ts'
import { manifestDelete } from './commands/manifest/delete.ts'
import { readOnlyOff } from './commands/read-only/off.ts'
import { readOnlyOn } from './commands/read-only/on.ts'
import { readOnlyStatus } from './commands/read-only/status.ts'
import { rebuild } from './commands/rebuild.ts'
import { repoDelete } from './commands/repo/delete.ts'
import { repoList } from './commands/repo/list.ts'
import { repoShow } from './commands/repo/show.ts'
import { resolve } from './commands/resolve.ts'
import { restore } from './commands/restore.ts'
import { retention } from './commands/retention.ts'
import { serve } from './commands/serve.ts'
import { tagDelete } from './commands/tag/delete.ts'
import { tagHistory } from './commands/tag/history.ts'
import { tagList } from './commands/tag/list.ts'
import { tagRestore } from './commands/tag/restore.ts'
import { trashEmpty } from './commands/trash/empty.ts'
import { trashList } from './commands/trash/list.ts'
import { trashRestore } from './commands/trash/restore.ts'
import { verify } from './commands/verify.ts'
import { version } from './commands/version.ts'
import { columns } from './output/columns.ts'

const commands: readonly Command[] = [
  serve,
  repoList,
  repoShow,
  repoDelete,
  tagList,
  tagDelete,
  tagHistory,
  tagRestore,
  manifestDelete,
  resolve,
  trashList,
  trashRestore,
  trashEmpty,
  gc,
  retention,
  verify,
  backup,
  restore,
  rebuild,
  importRegistry,
  importOci,
  backup,
  restore,
  rebuild,
  readOnlyOn,
  readOnlyOff,
  readOnlyStatus,
  healthcheck,
  version,
]

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

/** A command's name is a word, or a noun and a verb: `gc`, `trash list`. */
function commandOf(args: readonly string[]): Command | undefined {
  const named = (name: string) => commands.find((command) => command.name === name)
  return named(args.slice(0, 2).join(' ')) ?? named(args[0] ?? '')
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
  return `Berth, an image registry.

${list('berth COMMAND', commands)}
To start a registry here:  berth serve
`
}

function list(usage: string, listed: readonly Command[]): string {
  return `Usage: ${usage} [FLAGS]

Commands:
${columns(listed.map(({ name, summary }) => [name, summary]))}

berth COMMAND --help tells more about one.
`
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
  'ListenError',
  'RegistryError',
  'RemoteError',
]

function fail(message: string, code: ExitCode): ExitCode {
  process.stderr.write(`berth: ${message}\n`)
  return code
}
