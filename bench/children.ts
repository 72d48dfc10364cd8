import { openSync } from 'node:fs'

/** Every process that this benchmark started and that has not ended; no other is ever signalled. */
const running = new Set<Bun.Subprocess>()
let ending = false

/** Starts a server whose output goes to the end of a file. */
export function startDaemon(
  command: readonly string[],
  options: { log: string; env: Record<string, string | undefined> },
): Bun.Subprocess {
  refuseWhenEnding()
  const log = openSync(options.log, 'a')
  return track(Bun.spawn([...command], { env: options.env, stdin: 'ignore', stdout: log, stderr: log }))
}

/** Runs a command to its end and gives what it printed. @throws with what it printed, when it fails */
export async function run(command: readonly string[]): Promise<string> {
  refuseWhenEnding()
  const child = track(Bun.spawn([...command], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' }))
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${(errors || output).trim()}`)
  return output
}

/** SIGTERM, and SIGKILL for what is still there `patience` milliseconds later. */
export async function end(child: Bun.Subprocess, patience = 10_000): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), patience)
  await child.exited
  clearTimeout(timer)
}

/** Ends all that run, and lets no other start. */
export async function endAll(): Promise<void> {
  ending = true
  await Promise.all([...running].map((child) => end(child, 2_000)))
}

/** Whether failures are to be expected, because everything is being ended. */
export function isEnding(): boolean {
  return ending
}

function track<Child extends Bun.Subprocess>(child: Child): Child {
  running.add(child)
  void child.exited.then(() => running.delete(child))
  return child
}

function refuseWhenEnding(): void {
  if (ending) throw new Error('the benchmark is ending')
}
