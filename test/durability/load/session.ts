import type { Looks } from './check.ts'
import type { Model } from './model.ts'
import type { OpenUpload } from './push-blob.ts'
import type { Random } from './random.ts'
import { Refused, Unanswered } from './requests.ts'
import type { Tally } from './tally.ts'

/** Where the registry is at the moment, and what it promises. */
export interface Place {
  readonly url: string
  /** Milliseconds for half of which what a client was told is there stays there. */
  readonly grace: number
}

/** One client at work on one server. */
export interface Session {
  readonly place: Place
  readonly name: string
  readonly random: Random
  /** Shared with the other clients. */
  readonly repositories: readonly string[]
  readonly model: Model
  readonly tally: Tally
  readonly looks: Looks
  /** Uploads that are open, or that a crash interrupted. */
  readonly uploads: Set<OpenUpload>
}

export function manifestUrl({ place }: Session, repository: string, reference: string): string {
  return `${place.url}/v2/${repository}/manifests/${reference}`
}

interface Change {
  /** In words, for who looks for the reason of something wrong. */
  readonly what: string
  done(): void
  unanswered(): void
}

/** Carries out an operation, and tells the model how it ended. @throws Unanswered, Refused */
export async function change(session: Session, told: Change, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    // A fault of the server's may have come after the commit.
    if (error instanceof Unanswered || (error instanceof Refused && error.status >= 500)) told.unanswered()
    const ended = error instanceof Refused ? `refused with ${error.status} ${error.code}` : 'never answered'
    session.tally.remember(`${session.name} ${told.what}: ${ended}`)
    throw error
  }
  told.done()
  session.tally.remember(`${session.name} ${told.what}`)
}
