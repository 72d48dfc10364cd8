import { createInterface } from 'node:readline/promises'
import { basicAuthorization, keepLogin, loginsFile } from '../../client/credentials.ts'
import { askPassword, passwordFlag, passwordHelp } from '../ask-password.ts'
import { type Command, CommandError, UsageError } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { columns } from '../output/columns.ts'
import { isJson, outputFlag, outputHelp, printResult } from '../output/result.ts'
import { requireServerUrl } from '../server-url.ts'

export const login: Command = {
  name: 'login',
  summary: 'sign in to a registry that is managed with --server',
  help: () => `Signs in to a registry elsewhere and remembers it, so that every command takes --server URL. The server is
asked first whether name and password are right.

In place of the password goes the secret of an access token (berth_pat_…), which can be made for this alone, expire
and be revoked: it is what should lie on a disk. What was given lies in ${loginsFile()}, for you alone.

This is for berth’s own commands; docker, podman and the others have a login of their own.

Usage: berth login SERVER [FLAGS]

Flags:
${columns([['--user', 'the name to sign in with; asked for unless given'], passwordHelp, outputHelp])}

Examples:
  berth login https://registry.example.com
  pass registry | berth login https://registry.example.com --user alice --password-stdin
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...passwordFlag, ...outputFlag, user: { type: 'string', short: 'u' } },
      takes: ['SERVER'],
    })
    isJson(values)
    const server = requireServerUrl(positionals[0] ?? '', 'SERVER')
    const name = values.user ?? (await askName(values['password-stdin']))
    const password = await askPassword('Password or access token', values['password-stdin'])
    await requireRight(server, { name, password })
    await keepLogin(server, { name, password })
    printResult(values, { server, name }, () => `${name} is signed in to ${server}\n`)
    return 0
  },
}

async function askName(passwordComesIn: boolean | undefined): Promise<string> {
  if (passwordComesIn || !process.stdin.isTTY) throw new UsageError('the name is missing: add --user NAME')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const name = await lines.question('Name: ')
  lines.close()
  return name.trim()
}

/** Nothing is remembered that the server does not take. */
async function requireRight(server: string, login: { name: string; password: string }): Promise<void> {
  const base = server.replace(/\/+$/, '')
  let answer: Response
  try {
    answer = await fetch(`${base}/v2/`, { headers: { Authorization: basicAuthorization(login) } })
  } catch (cause) {
    throw new CommandError(`nothing answers at ${base}: ${(cause as Error).message}`, { cause })
  }
  const body = (await answer.json().catch(() => undefined)) as { errors?: { message?: string }[] } | undefined
  if (!answer.ok)
    throw new CommandError(`${base} refuses the sign-in: ${body?.errors?.[0]?.message ?? answer.status}`)
  if (!answer.headers.has('docker-distribution-api-version'))
    throw new CommandError(`what answers at ${base} is no registry`)
}
