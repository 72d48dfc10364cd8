import { lookAtManifest, lookAtTag } from './check.ts'
import { type LayerPool, type Manifest, newImage, newIndex } from './content.ts'
import { deleteManifest, deleteTag } from './delete.ts'
import { type Known, Model } from './model.ts'
import type { OpenUpload } from './push-blob.ts'
import { pushImage, retag } from './push-image.ts'
import { Refused, Unanswered } from './requests.ts'
import type { Place, Session } from './session.ts'

export interface ClientOptions extends Pick<Session, 'name' | 'random' | 'repositories' | 'tally' | 'looks'> {
  readonly pool: LayerPool
  /** Refusals that a fault explains; none unless given. */
  readonly tolerates?: (refused: Refused) => boolean
  /** Whether requests may go unanswered, and others answer after them: some server is killed now and then. */
  readonly outlives?: boolean
  /** Images to hold at most: beyond it, deletions come first. */
  readonly most: number
}

/** Deleted manifests to remember, and to look at again. */
const remembered = 60

/** What a client does, and how often. */
const actions = {
  push: 30,
  pushIndex: 8,
  pushReferrer: 6,
  pushAgain: 6,
  pushDeleted: 10,
  retag: 10,
  deleteTag: 10,
  deleteManifest: 24,
  look: 24,
} as const

type Action = keyof typeof actions

/** One client: it pushes, tags, deletes and pulls images of its own, one request after the other. */
export class LoadClient {
  readonly model = new Model()
  /** Uploads that a crash interrupted. */
  readonly uploads = new Set<OpenUpload>()
  readonly #options: ClientOptions
  #images = 0

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** Works until it is told to stop. A registry that does not answer before that is wrong. */
  async work(place: Place, stopped: () => boolean): Promise<void> {
    const session = this.#session(place)
    while (!stopped()) {
      try {
        await this.#act(session)
      } catch (error) {
        if (error instanceof Unanswered && stopped()) return
        if (error instanceof Unanswered && this.#options.outlives) continue
        if (error instanceof Refused && this.#options.tolerates?.(error)) continue
        const message = error instanceof Error ? error.message : String(error)
        session.tally.wrong(message, /sha256:[0-9a-f]{64}/.exec(message)?.[0])
        if (error instanceof Unanswered) return
      }
    }
  }

  /** Looks at manifests with their tags. @throws Unanswered, Refused */
  async look(place: Place, known: readonly Known[]): Promise<void> {
    const session = this.#session(place)
    for (const each of known) await look(session, each)
  }

  #session(place: Place): Session {
    const { name, random, repositories, tally, looks } = this.#options
    const { model, uploads } = this
    return { place, name, random, repositories, tally, looks, model, uploads }
  }

  #choose(): Action {
    const { random, most } = this.#options
    const live = this.model.manifests.filter(({ state }) => state !== 'gone').length
    if (live > most && random.chance(0.7)) return 'deleteManifest'
    return random.weighted(actions)
  }

  async #act(session: Session): Promise<void> {
    const { random } = session
    const repository = random.pick(session.repositories) ?? ''
    const known = this.#any((each) => each.state === 'there')
    const action = this.#choose()
    switch (action) {
      case 'push':
        return pushImage(session, { repository, manifest: this.#newImage(), tag: this.#anyTag() })
      case 'pushIndex':
        return pushImage(session, { repository, manifest: this.#newIndex(repository), tag: this.#anyTag() })
      case 'pushReferrer':
        if (!known) return
        return pushImage(session, {
          ...known,
          manifest: this.#newImage(known.manifest),
          tag: this.#maybeTag(),
        })
      case 'pushAgain':
        return known && pushImage(session, { ...known, tag: this.#maybeTag() })
      case 'pushDeleted': {
        const gone = this.#any((each) => each.state === 'gone')
        return gone && pushImage(session, { ...gone, tag: this.#maybeTag() })
      }
      case 'retag':
        return known && retag(session, known, this.#anyTag())
      case 'deleteTag': {
        const tag = random.pick(this.model.tags)
        return tag && deleteTag(session, tag)
      }
      case 'deleteManifest':
        if (known) await deleteManifest(session, known)
        return this.#forgetOld()
      case 'look': {
        const any = this.#any(() => true)
        return any && look(session, any)
      }
      default:
        return action satisfies never
    }
  }

  #any(wanted: (known: Known) => boolean): Known | undefined {
    return this.#options.random.pick(this.model.manifests.filter(wanted))
  }

  #newImage(subject?: Manifest): Manifest {
    const { random, pool } = this.#options
    const layers = Array.from({ length: random.between(1, 4) }, () => pool.pick(random))
    return newImage({ name: this.#newName(), layers, subject })
  }

  /** Of an image that is there already, if there is one, and one or two that are not. */
  #newIndex(repository: string): Manifest {
    const old = this.#any(
      ({ state, manifest, ...known }) =>
        state === 'there' && known.repository === repository && manifest.children.length === 0,
    )
    const children = [this.#newImage(), old?.manifest ?? this.#newImage()]
    return newIndex({ name: this.#newName(), children })
  }

  #newName(): string {
    this.#images += 1
    return `${this.#options.name}-${this.#images}`
  }

  #anyTag(): string {
    const { name, random } = this.#options
    return `${name}-${random.below(8)}`
  }

  #maybeTag(): string | undefined {
    return this.#options.random.chance(0.5) ? this.#anyTag() : undefined
  }

  #forgetOld(): void {
    const gone = this.model.manifests.filter(({ state }) => state === 'gone')
    for (const known of gone.slice(0, Math.max(0, gone.length - remembered))) this.model.forget(known)
  }
}

async function look(session: Session, known: Known): Promise<void> {
  const { model, tally, looks, place } = session
  const saw = (what: string) => tally.remember(`${session.name} ${what} at ${place.url}`)
  const looking = { url: place.url, model, looks, saw }
  const { repository, manifest } = known
  for (const tag of model.tagsOf(known)) {
    for (const wrong of await lookAtTag(looking, tag))
      tally.wrong(`${repository}:${tag.tag}: ${wrong}`, manifest.digest)
  }
  for (const wrong of await lookAtManifest(looking, known))
    tally.wrong(`${repository}@${manifest.digest}: ${wrong}`, manifest.digest)
}
