import { loadSettings } from '../../config/load.ts'
import { tlsFilesOf } from '../../config/tls-files.ts'
import type { Command } from '../command.ts'
import { parseServeArguments } from './serve-arguments.ts'

/** How long the server may take to answer. Milliseconds. */
const patience = 5000

export const healthcheck: Command = {
  name: 'healthcheck',
  summary: 'ask the server on this machine whether it is ready (for a container’s HEALTHCHECK)',
  help: () => `Asks the server that the same settings describe for /readyz, on loopback.
Exits with 0 when it is ready, and with 1 when it is not or does not answer.

Usage: berth healthcheck [--listen HOST:PORT]
`,
  async run(args) {
    const settings = loadSettings(await parseServeArguments(args))
    const port = settings.listen[0]?.port ?? 5000
    const scheme = tlsFilesOf(settings) ? 'https' : 'http'
    try {
      const answer = await fetch(`${scheme}://127.0.0.1:${port}/readyz`, {
        signal: AbortSignal.timeout(patience),
        // The certificate names the registry, not this machine's loopback.
        tls: { rejectUnauthorized: false },
      })
      process.stdout.write(`${await answer.text()}\n`)
      return answer.ok ? 0 : 1
    } catch (error) {
      process.stderr.write(`berth: nothing answers on port ${port}: ${(error as Error).message}\n`)
      return 1
    }
  },
}
