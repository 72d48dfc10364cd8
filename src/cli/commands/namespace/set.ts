import type { NamespaceOwner } from '../../../client/access-management.ts'
import { UsageError } from '../../command.ts'
import { managing } from '../../management/managing.ts'
import { visibilityOf } from '../../management/names.ts'
import { namespaceText } from '../../management/namespace-text.ts'
import { printResult } from '../../output/result.ts'

export const namespaceSet = managing({
  name: 'namespace set',
  summary: 'set what new repositories of a namespace are, and whose it is',
  about: `Sets whether the repositories that are pushed to a namespace from now on are public or private; what is there
stays as it is. Administrators also say whose the namespace is, and make one that is not there.`,
  takes: ['NAMESPACE'],
  usage: '[--visibility public|private] [--owner OWNER]',
  options: { visibility: { type: 'string' }, owner: { type: 'string' } },
  flags: [
    ['--visibility', 'public or private: what new repositories are'],
    ['--owner', 'a user, an organisation as org:NAME, or administrators'],
  ],
  examples: [
    'berth namespace set alice --visibility public',
    'berth namespace set old-team --owner org:acme',
    'berth namespace set library --visibility public',
  ],
  async run({ values, names: [name = ''], open }) {
    const { visibility, owner } = values
    if (visibility === undefined && owner === undefined)
      throw new UsageError('nothing is to be changed: add --visibility public|private or --owner OWNER')
    const change = {
      name,
      defaultVisibility: visibility === undefined ? undefined : visibilityOf(visibility),
      owner: owner === undefined ? undefined : ownerOf(owner),
    }
    await using management = await open()
    printResult(values, await management.changeNamespace(change), namespaceText)
    return 0
  },
})

function ownerOf(text: string): NamespaceOwner {
  if (text === 'administrators') return { kind: 'administrators' }
  if (text.startsWith('org:')) return { kind: 'organisation', name: text.slice(4) }
  return { kind: 'user', name: text.replace(/^user:/, '') }
}
