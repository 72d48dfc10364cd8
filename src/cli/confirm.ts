import { createInterface } from 'node:readline/promises'
import { CommandError, UsageError } from './command.ts'

export const yesFlag = { yes: { type: 'boolean' } } as const
export const yesHelp: [string, string] = ['--yes', 'do it without asking']

interface Confirmation {
  readonly yes: boolean | undefined
  /** Whether nothing brings it back by itself: then a script must say --yes too. */
  readonly forGood: boolean
}

interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream
}

/**
 * Asks on a terminal whether to go on.
 * @throws CommandError when the answer is no; UsageError where nobody can be asked and --yes is needed
 */
export async function confirm(
  question: string,
  { yes = false, forGood }: Confirmation,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (yes) return
  if (!terminal.input.isTTY) {
    if (forGood) throw new UsageError(`${question} Nobody is here to be asked: add --yes`)
    return
  }
  const lines = createInterface(terminal)
  const answer = await Promise.race([
    lines.question(`${question} [y/N] `),
    new Promise<string>((resolve) => lines.once('close', () => resolve(''))),
  ])
  lines.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('nothing was changed')
}
