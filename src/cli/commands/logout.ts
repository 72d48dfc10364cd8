import { forgetLogin } from '../../client/credentials.ts'
import type { Command } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { columns } from '../output/columns.ts'
import { isJson, outputFlag, outputHelp, printResult } from '../output/result.ts'
import { requireServerUrl } from '../server-url.ts'

export const logout: Command = {
  name: 'logout',
  summary: 'forget the sign-in to a registry',
  help: () => `Forgets what \`berth login\` remembered of a registry. A password or an access token stays valid there:
revoke the token if somebody else may have it.

Usage: berth logout SERVER [FLAGS]

Flags:
${columns([outputHelp])}

Example:
  berth logout https://registry.example.com
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, { options: outputFlag, takes: ['SERVER'] })
    isJson(values)
    const server = requireServerUrl(positionals[0] ?? '', 'SERVER')
    const signedOut = await forgetLogin(server)
    printResult(values, { server, signedOut }, () =>
      signedOut ? `signed out of ${server}\n` : `nobody was signed in to ${server}\n`,
    )
    return 0
  },
}
