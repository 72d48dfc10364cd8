import { openDistribution } from '../../../registry/imports/distribution/distribution-source.ts'
import type { Command } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { columns } from '../../output/columns.ts'
import { importFlags, importFlagsHelp, runImport } from './run-import.ts'
import { anyOf, repositoryFlag, repositoryHelp } from './wanted.ts'

export const importRegistry: Command = {
  name: 'import registry',
  summary: 'bring everything over from the disk of a registry:2 (distribution) or Harbor',
  help: () => `Reads the directory in which registry:2, another distribution, or Harbor keeps its images, and
brings them into Berth: repositories, tags, manifests without tags, indexes, signatures and other
referrers, and the blobs that these use.

The old registry must not write meanwhile: stop it, or make it read-only. (To bring most of it early, run
this before that too; the last run counts.) Berth may serve. Every blob is read and checked; a damaged one
is skipped with what needs it. It may be interrupted, and run again: what is there already is left alone.
Nothing of the source is changed, ever.

Exit codes: 0 everything is there; 1 something was skipped, and the list says why; 2 wrong usage.

Usage: berth import registry DIR [FLAGS]

DIR is what distribution calls storage.filesystem.rootdirectory: docker/registry/v2 lies in it.

Flags:
${columns([repositoryHelp, ...importFlagsHelp])}

Examples:
  berth import registry /var/lib/registry --dry-run
  berth import registry /var/lib/registry --data /var/lib/berth
  berth import registry /data/registry --repository 'library/**' --copy
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...importFlags, ...repositoryFlag },
      takes: ['DIR'],
    })
    const [directory = ''] = positionals
    return runImport({
      values,
      open: (notes) => openDistribution(directory, notes),
      wanted: anyOf(values.repository),
    })
  },
}
