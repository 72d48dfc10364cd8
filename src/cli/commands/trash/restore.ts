import type { RestoredTrash } from '../../../client/management.ts'
import { parseTag } from '../../../oci/tag.ts'
import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from '../../management/management.ts'
import { repositoryOf, understood } from '../../management/names.ts'
import { columns } from '../../output/columns.ts'
import { printResult } from '../../output/result.ts'
import { countText } from '../../output/units.ts'

export const trashRestore: Command = {
  name: 'trash restore',
  summary: 'take a deletion back',
  help: () => `Takes a deletion back: a tag, a manifest with all its tags, or a repository. \`berth trash list\` shows the
IDs. Where the old name stands for something else by now, it asks for another: --to, or --tag. A restore that was
interrupted goes on when it is called again.

Usage: berth trash restore ID [FLAGS]

${besideServer}

Flags:
${columns([
  ['--to', 'restore to this repository instead of where it was'],
  ['--tag', 'restore a tag or a manifest under this one tag instead of those that it had'],
  ...managementHelp,
])}

Examples:
  berth trash restore 019ab9c2-6a0e-7000-a7f5-6d1b6b0c8e8f
  berth trash restore 019ab9c2-6a0e-7000-a7f5-6d1b6b0c8e8f --to team/app-old
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...managementFlags, to: { type: 'string' }, tag: { type: 'string' } },
      takes: ['ID'],
    })
    const { to, tag: name } = values
    const repository = to === undefined ? undefined : repositoryOf(to)
    const tag = name === undefined ? undefined : understood(name, () => parseTag(name))
    await using management = await openManagement(values)
    const restored = await management.restoreTrash({ id: positionals[0] ?? '', repository, tag })
    printResult(values, restored, text)
    process.stderr.write(warnings(restored))
    return 0
  },
}

function text({ repository, manifests, tags }: RestoredTrash): string {
  const what = [
    ...(manifests > 0 ? [countText(manifests, 'manifest')] : []),
    ...(tags > 0 ? [countText(tags, 'tag')] : []),
  ]
  return `restored to ${repository}: ${what.join(', ') || 'nothing that was not there'}\n`
}

function warnings({ skipped, missing }: RestoredTrash): string {
  return [
    ...skipped.map((tag) => `berth: the tag ${tag} was set to something else meanwhile, and stays so\n`),
    ...missing.map((digest) => `berth: an index lists ${digest}, which is gone for good\n`),
  ].join('')
}
