import type { DecidesAccess, ListsContent, ListsReadable } from '../metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { boundsOf, questionOf } from './decide.ts'
import type { Identity } from './identity.ts'
import { isWithin, type SituationBound } from './policy.ts'

export type ListsRepositories = Pick<ListsContent, 'listRepositories' | 'searchRepositories'>

/** The lists of repositories as the caller may see them, found by his grants rather than by leaving others out. */
export async function visibleTo(
  metadata: DecidesAccess & ListsReadable & ListsRepositories,
  identity: Identity,
): Promise<ListsRepositories> {
  const facts = await metadata.accessFacts(questionOf(identity, undefined))
  const { account } = facts
  const bounds = boundsOf(identity, facts).filter(({ kind }) => kind === 'access token')
  const everything = !facts.closed || identity.kind === 'operator' || account?.admin === true
  const by = {
    user: identity.kind === 'user' ? identity.id : '',
    organisation: identity.kind === 'robot' ? (account?.organisation ?? '') : '',
  }
  const list: ListsRepositories['listRepositories'] = (page) =>
    everything ? metadata.listRepositories(page) : metadata.listReadable({ ...page, by })
  return {
    listRepositories: (page) => (bounds.length === 0 ? list(page) : within(bounds, list, page)),
    async searchRepositories(search) {
      const found = await (everything
        ? metadata.searchRepositories(search)
        : metadata.searchReadable({ ...search, by }))
      return found.filter((name) => covered(name, bounds))
    },
  }
}

/** Names beyond which an access token's scopes are not looked for in one page. */
const looksAt = 1000

/** A page of what an access token's scopes cover. */
async function within(
  bounds: readonly SituationBound[],
  list: ListsRepositories['listRepositories'],
  { after = '', limit }: Parameters<typeof list>[0],
): Promise<RepositoryName[]> {
  const found: RepositoryName[] = []
  for (let last: string = after; found.length < limit; ) {
    const names = await list({ after: last, limit: looksAt })
    found.push(...names.filter((name) => covered(name, bounds)))
    if (names.length < looksAt) break
    last = names.at(-1) ?? ''
  }
  return found.slice(0, limit)
}

function covered(repository: RepositoryName, bounds: readonly SituationBound[]): boolean {
  return bounds.every((bound) => isWithin('repository:pull', { on: 'repository', repository }, bound))
}
