import { metadataOfCommand } from './metadata.ts'

export interface CommandOptions {
  env?: Record<string, string>
  directory?: string
  /** Milliseconds after which the command is killed; two minutes unless given. */
  timeout?: number
  /** What it reads on stdin; nothing unless given. */
  input?: string
}

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end and resolves with what it printed on stdout; throws with its stderr if it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await attempt(command, args, options)
  if (result.exitCode === 0) return result.stdout
  const line = [command, ...args].join(' ')
  throw new Error(`${line}\nended with ${result.exitCode}:\n${result.stderr || result.stdout}`)
}

/** Runs a command to its end, whichever that is. */
export async function attempt(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = Bun.spawn([command, ...args], {
    env: { ...process.env, ...(await metadataOfCommand(args)), ...options.env },
    cwd: options.directory ?? process.cwd(),
    stdin: options.input === undefined ? 'ignore' : new Blob([options.input]),
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: options.timeout ?? 120_000,
    killSignal: 'SIGKILL',
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { exitCode, stdout, stderr }
}
