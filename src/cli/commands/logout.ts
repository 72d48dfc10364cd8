import { forgetLogin } from '../../client/credentials.ts'
import type { Command } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { requireServerUrl } from '../server-url.ts'

export const logout: Command = {
  name: 'logout',
  summary: 'forget the sign-in to a registry',
  help: () => `Forgets what \`berth login\` remembered of a registry. A password or an access token stays valid there:
revoke the token if somebody else may have it.

Usage: berth logout SERVER

Example:
  berth logout https://registry.example.com
`,
  async run(args) {
    const { positionals } = parseCommandLine(args, { options: {}, takes: ['SERVER'] })
    const server = requireServerUrl(positionals[0] ?? '', 'SERVER')
    const found = await forgetLogin(server)
    process.stdout.write(found ? `signed out of ${server}\n` : `nobody was signed in to ${server}\n`)
    return 0
  },
}
