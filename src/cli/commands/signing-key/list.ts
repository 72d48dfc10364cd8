import { openExistingStores } from '../../../stores.ts'
import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { columns } from '../../output/columns.ts'
import { isJson, outputFlag, outputHelp, printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { timeText } from '../../output/units.ts'
import { settingsOf, storeFlags, storeHelp } from '../../settings.ts'

export const signingKeyList: Command = {
  name: 'signing-key list',
  summary: 'list the keys that the tokens of clients are signed with',
  help: () => `Lists the key pairs that the registry signs the tokens of its clients with, the newest first. One signs; the
others are there for the tokens that they signed before. The private halves are not shown.

A registry makes its first key when somebody signs in. The public halves are at /.well-known/jwks.json.

Usage: berth signing-key list [FLAGS]

Works directly on the registry's data, beside a server that may run.

Flags:
${columns([...storeHelp, outputHelp])}

Example:
  berth signing-key list --data /var/lib/berth
`,
  async run(args) {
    const { values } = parseCommandLine(args, { options: { ...storeFlags, ...outputFlag } })
    isJson(values)
    await using data = await openExistingStores(await settingsOf(values))
    const keys = (await data.metadata.listSigningKeys()).map(({ kid, algorithm, createdAt, retiredAt }) => ({
      kid,
      algorithm,
      created: new Date(createdAt).toISOString(),
      retired: retiredAt === undefined ? null : new Date(retiredAt).toISOString(),
    }))
    printResult(values, { keys }, (result) =>
      table(
        ['key', 'algorithm', 'created', 'state'],
        result.keys.map(({ kid, algorithm, created, retired }) => [
          kid,
          algorithm,
          timeText(Date.parse(created)),
          retired === null ? 'signs' : `retired ${timeText(Date.parse(retired))}`,
        ]),
        'no keys yet: the first is made when somebody signs in',
      ),
    )
    return 0
  },
}
