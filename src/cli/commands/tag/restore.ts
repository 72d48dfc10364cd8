import { parseDigest } from '../../../oci/digest.ts'
import { type Command, UsageError } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import {
  besideServer,
  managementFlags,
  managementHelp,
  momentOf,
  openManagement,
} from '../../management/management.ts'
import { tagOf, understood } from '../../management/names.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'

export const tagRestore: Command = {
  name: 'tag restore',
  summary: 'put a tag back to a manifest that it pointed at before',
  help: () => `Puts a tag back to a manifest that it pointed at before: to the one before the last move, unless --to or
--at says otherwise. A manifest that was deleted meanwhile comes back from the trash.

Usage: berth tag restore REPOSITORY:TAG [--to DIGEST | --at TIME] [FLAGS]

${besideServer}

Flags:
${columns([
  ['--to', 'the digest of a manifest in the history of the tag'],
  ['--at', 'a time: what the tag pointed at then. ISO 8601, or an age such as 2h'],
  ...managementHelp,
])}

Examples:
  berth tag restore team/app:latest
  berth tag restore team/app:latest --at 2h
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...managementFlags, to: { type: 'string' }, at: { type: 'string' } },
      takes: ['REPOSITORY:TAG'],
    })
    const address = tagOf(positionals[0] ?? '')
    const { to, at } = values
    if (to !== undefined && at !== undefined)
      throw new UsageError('--to and --at both say where to: give one')
    const digest = to === undefined ? undefined : understood(to, () => parseDigest(to))
    const moment = at === undefined ? undefined : understood(at, () => momentOf(at))
    await using management = await openManagement(values)
    printResult(
      values,
      await management.restoreTag({ ...address, digest, at: moment }),
      ({ repository, tag, digest, before }) =>
        digest === before
          ? `${repository}:${tag} points at ${digest} already\n`
          : `${repository}:${tag} points at ${digest}${before ? `\nbefore: ${before}` : ''}\n`,
    )
    return 0
  },
}
