import { isRepositoryName, type RepositoryName } from '../../../oci/repository-name.ts'
import { isTag, type Tag } from '../../../oci/tag.ts'
import { openLayout, openLayoutTree } from '../../../registry/imports/layouts/layout-sources.ts'
import { type Command, UsageError } from '../../command.ts'
import { parseCommandLine } from '../../command-line.ts'
import { columns } from '../../output/columns.ts'
import { importFlags, importFlagsHelp, runImport } from './run-import.ts'
import { anyOf, repositoryFlag, repositoryHelp } from './wanted.ts'

export const importOci: Command = {
  name: 'import oci',
  summary: 'bring images over from OCI image layouts, or from the disk of a zot',
  help: () => `Reads an OCI image layout (a directory with oci-layout, index.json and blobs), as skopeo, buildah,
oras and others write them, and brings its images into one repository: an entry of index.json is tagged
with its annotation org.opencontainers.image.ref.name, and comes without a tag if it has none.

With NAME:TAG only the image of that tag comes; the only image of a layout comes under it, whatever the
layout calls it. Without NAME, DIR is a tree of layouts, as zot keeps them: the path of each below DIR is
the name of its repository.

What writes the layouts must not do so meanwhile. Berth may serve. Every blob is read and checked; a
damaged one is skipped with what needs it. It may be interrupted, and run again: what is there already is
left alone. Nothing of the source is changed, ever.

Exit codes: 0 everything is there; 1 something was skipped, and the list says why; 2 wrong usage.

Usage: berth import oci DIR [NAME[:TAG]] [FLAGS]

Flags:
${columns([repositoryHelp, ...importFlagsHelp])}

Examples:
  skopeo copy docker://docker.io/library/alpine:3.22 oci:alpine:3.22
  berth import oci ./alpine library/alpine
  berth import oci /var/lib/zot --data /var/lib/berth --dry-run
`,
  async run(args) {
    const { values, positionals } = parseCommandLine(args, {
      options: { ...importFlags, ...repositoryFlag },
      takes: ['DIR', '[NAME[:TAG]]'],
    })
    const [directory = '', name] = positionals
    if (name === undefined) {
      const open = openLayoutTree.bind(undefined, directory)
      return runImport({ values, open, wanted: anyOf(values.repository) })
    }
    if (values.repository) throw new UsageError('--repository chooses in a tree of layouts: leave NAME out')
    const target = parseTarget(name)
    const open = (notes: Parameters<typeof openLayoutTree>[1]) => openLayout({ directory, ...target, notes })
    return runImport({ values, open, wanted: () => true })
  },
}

function parseTarget(text: string): { name: RepositoryName; tag: Tag | undefined } {
  const [name = '', tag, ...more] = text.split(':')
  if (!isRepositoryName(name) || more.length > 0)
    throw new UsageError(`${JSON.stringify(text)} is not a repository name, such as team/app, or team/app:v1`)
  if (tag !== undefined && !isTag(tag))
    throw new UsageError(`${JSON.stringify(tag)} is not a tag, such as v1`)
  return { name, tag }
}
