import { runWorker } from '../../worker-app.ts'
import { type Command, CommandError } from '../command.ts'
import { workerWords } from '../worker-command.ts'

export const serveWorker: Command = {
  name: workerWords.join(' '),
  summary: 'serve as one of several processes',
  help: () => 'Usage: berth serve-worker\n\nStarted by berth serve --workers, and by nobody else.\n',
  async run() {
    if (await runWorker()) return 0
    throw new CommandError('this command is started by `berth serve --workers` alone: run that one instead')
  },
}
