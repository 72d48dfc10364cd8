import { openExistingStores } from '../../../stores.ts'
import { type Command, CommandError } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { columns } from '../../output/columns.ts'
import { isJson, outputFlag, outputHelp, printResult } from '../../output/result.ts'
import { settingsOf, storeFlags, storeHelp } from '../../settings.ts'

export const signingKeyRemove: Command = {
  name: 'signing-key remove',
  summary: 'end every token that a key signed',
  help: () => `Removes a key pair. What it signed is refused from then on, by a running server within five seconds; clients
that are in the middle of something sign in again by themselves. If it was the one that signs, the next
sign-in makes another.

Usage: berth signing-key remove KEY [FLAGS]

Works directly on the registry's data, beside a server that may run. \`berth signing-key list\` shows the keys.

Flags:
${columns([...storeHelp, outputHelp])}

Example:
  berth signing-key remove 7f3a9c0e5b1d2846 --data /var/lib/berth
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...storeFlags, ...outputFlag },
      takes: ['KEY'],
    })
    isJson(values)
    const kid = positionals[0] ?? ''
    await using data = await openExistingStores(await settingsOf(values))
    if (!(await data.metadata.change('deleteSigningKey', { kid })))
      throw new CommandError(`there is no key ${JSON.stringify(kid)}: \`berth signing-key list\` shows them`)
    printResult(values, { kid, removed: true }, () => `${kid} is removed: what it signed is refused\n`)
    return 0
  },
}
