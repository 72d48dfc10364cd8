import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import type { EventTarget } from '../notifications-schema.ts'
import type { Attribution } from './attribution.ts'
import { type Listening, listeningAt, originOf, queueNotices } from './queue-notices.ts'

/** A manifest that somebody pulled. */
export interface NotedPull {
  readonly repository: RepositoryName
  readonly digest: Digest
  readonly mediaType: string
  readonly size: number
  /** Null: it was pulled by digest. */
  readonly tag: Tag | null
  readonly by: Attribution
}

/** Puts pulls in the queues of the webhooks that want to hear of them. */
export async function tellPulls(tx: Transaction, { pulls }: { pulls: readonly NotedPull[] }): Promise<void> {
  const listening = new Map<RepositoryName, Listening[]>()
  for (const { repository, digest, mediaType, size, tag, by } of pulls) {
    const found = listening.get(repository) ?? (await listeningAt(tx, repository))
    listening.set(repository, found)
    const target: EventTarget = { kind: 'manifest', mediaType, digest, size, ...(tag !== null && { tag }) }
    const notices = [{ action: 'pull', target }] as const
    await queueNotices(tx, { notices, repository, origin: originOf(by), listening: found })
  }
}
