import { createInterface } from 'node:readline/promises'
import { CommandError } from './command.ts'

/**
 * Asks the person at the terminal whether to go on.
 * @throws CommandError when the answer is no, or nobody is there to ask
 */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new CommandError(`${question} Say so with --yes: there is no terminal to ask on`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('nothing was done')
  } finally {
    terminal.close()
  }
}
