import { type HtpasswdImport, importHtpasswd } from '../../../access/sign-in/import-htpasswd.ts'
import { openStoresToBegin } from '../../../stores.ts'
import { type Command, CommandError } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { columns } from '../../output/columns.ts'
import { isJson, outputFlag, outputHelp, printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { countText } from '../../output/units.ts'
import { settingsOf, storeFlags, storeHelp } from '../../settings.ts'

export const importHtpasswdFile: Command = {
  name: 'import htpasswd',
  summary: 'bring over the users of an htpasswd file, with their passwords',
  help: () => `Makes a user for each bcrypt entry of an htpasswd file, as registry:2, nginx and others read them (htpasswd -B).
They sign in with the passwords that they have, and are no administrators; each owns the namespace of his
name. At the first sign-in of each his entry is replaced by a stronger hash.

Skipped and reported: entries of other kinds than bcrypt, names that no user can have here, and users that
are there already, who keep their passwords. It may be run again.

The first user of a registry closes it: from then on everybody must sign in.

Exit codes: 0 everybody is there; 1 somebody was skipped, and the list says why; 2 wrong usage.

Usage: berth import htpasswd FILE [FLAGS]

Works directly on the registry's data, beside a server that may run: who is brought over can sign in at once.

Flags:
${columns([...storeHelp, ['--dry-run', 'only tell what would be done'], outputHelp])}

Example:
  berth import htpasswd /etc/registry/htpasswd --data /var/lib/berth
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...storeFlags, ...outputFlag, 'dry-run': { type: 'boolean' } },
      takes: ['FILE'],
    })
    isJson(values)
    const text = await readText(positionals[0] ?? '')
    await using data = await openStoresToBegin(await settingsOf(values))
    const dryRun = values['dry-run'] ?? false
    const newId = () => crypto.randomUUID()
    const result = await importHtpasswd({ ...data, text, dryRun, newId })
    printResult(values, { ...result, dryRun }, resultText)
    return result.skipped.length === 0 ? 0 : 1
  },
}

/** Read before the process becomes the user that owns the data. */
async function readText(file: string): Promise<string> {
  try {
    return await Bun.file(file).text()
  } catch (cause) {
    throw new CommandError(`${file} can't be read: ${(cause as Error).message}`, { cause })
  }
}

function resultText({
  made,
  skipped,
  closed,
  administered,
  dryRun,
}: HtpasswdImport & { dryRun: boolean }): string {
  const rows = skipped.map(({ line, name, reason }) => [String(line), name.slice(0, 64), reason])
  const parts = [
    `${countText(made.length, 'user')} ${dryRun ? 'would be made' : 'made'}${made.length > 0 ? `: ${made.join(', ')}` : ''}\n`,
    skipped.length > 0
      ? `${countText(skipped.length, 'line')} skipped:\n${table(['line', 'name', 'why'], rows, '')}`
      : '',
    closed
      ? 'The registry is closed from now on: whoever has no account may only read what is public.\n'
      : '',
    made.length > 0 && !administered
      ? 'There is no administrator: make one with `berth user add NAME --admin`.\n'
      : '',
  ]
  return parts.join('')
}
