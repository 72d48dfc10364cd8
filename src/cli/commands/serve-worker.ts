import { runWorker } from '../../worker-app.ts'
import { type Command, CommandError } from '../command.ts'

/** The words that start a worker: nobody types them, so that they are in no overview. */
export const workerWords: readonly string[] = ['serve-worker']

/** The program that is a worker: this one, whether it runs from source or compiled. */
export function workerCommand(): readonly string[] {
  const compiled = import.meta.url.includes('/$bunfs/')
  return [process.execPath, ...(compiled ? [] : [...process.execArgv, Bun.main]), ...workerWords]
}

export const serveWorker: Command = {
  name: workerWords.join(' '),
  summary: 'serve as one of several processes',
  help: () => 'Usage: berth serve-worker\n\nStarted by berth serve --workers, and by nobody else.\n',
  async run() {
    if (await runWorker()) return 0
    throw new CommandError('this command is started by `berth serve --workers` alone: run that one instead')
  },
}
