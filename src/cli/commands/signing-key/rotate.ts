import { makeSigningKey } from '../../../access/sign-in/signing-keys.ts'
import { openExistingStores } from '../../../stores.ts'
import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { columns } from '../../output/columns.ts'
import { isJson, outputFlag, outputHelp, printResult } from '../../output/result.ts'
import { countText } from '../../output/units.ts'
import { settingsOf, storeFlags, storeHelp } from '../../settings.ts'

export const signingKeyRotate: Command = {
  name: 'signing-key rotate',
  summary: 'make a new key that tokens are signed with from now on',
  help: () => `Makes a new key pair, which signs the tokens of clients from now on; a running server takes it within five
seconds. The keys before it are retired: what they signed holds until it expires, five minutes later, so
that nobody is signed out. Afterwards they can go: \`berth signing-key remove KEY\`.

Where a key may be known to others, rotate, and remove the old one at once.

Usage: berth signing-key rotate [FLAGS]

Works directly on the registry's data, beside a server that may run.

Flags:
${columns([...storeHelp, outputHelp])}

Example:
  berth signing-key rotate --data /var/lib/berth
`,
  async run(args) {
    const { values } = parseCommandLine(args, { options: { ...storeFlags, ...outputFlag } })
    isJson(values)
    await using data = await openExistingStores(await settingsOf(values))
    const { kid, algorithm, publicJwk, privateJwk } = await makeSigningKey()
    const key = { kid, algorithm, public_jwk: publicJwk, private_jwk: privateJwk }
    await data.metadata.change('putSigningKey', { ...key, first: false })
    const retired = await data.metadata.change('retireSigningKeys', { except: kid })
    printResult(
      values,
      { kid, retired },
      (result) => `${result.kid} signs from now on; ${countText(result.retired, 'key')} retired\n`,
    )
    return 0
  },
}
