import type { Digest } from '../../../src/oci/digest.ts'
import type { Manifest } from './content.ts'

/** What one client knows of a manifest that it pushed. */
export interface Known {
  readonly repository: string
  readonly manifest: Manifest
  /** `maybe`: an operation on it was never answered, or it may have followed what it depended on. */
  state: 'there' | 'gone' | 'maybe'
  /** What the last look found. */
  seen: boolean
  /** Its client deleted it, and was told so, and has not pushed it since. */
  deleted: boolean
  /** A parent or subject of it was deleted since it was last pushed: with nothing that holds it, it may follow. */
  orphaned: boolean
}

/** A tag's possible values: one, unless an operation on it was never answered. Null: no such tag. */
type Possible = ReadonlySet<Digest | null>

export interface TagName {
  readonly repository: string
  readonly tag: string
}

/**
 * What must be true of the images of one client, who alone pushes, tags and deletes them. Answers make it sure;
 * requests without an answer may have been carried out or not, until somebody looks.
 */
export class Model {
  readonly #manifests = new Map<string, Known>()
  readonly #tags = new Map<string, TagName & { possible: Possible }>()
  /** What was touched since `takeChanged` was last asked. */
  readonly #changed = new Set<Known>()

  get manifests(): readonly Known[] {
    return [...this.#manifests.values()]
  }

  get tags(): readonly (TagName & { readonly possible: Possible })[] {
    return [...this.#tags.values()]
  }

  find(repository: string, digest: Digest): Known | undefined {
    return this.#manifests.get(`${repository}@${digest}`)
  }

  possible({ repository, tag }: TagName): Possible {
    return this.#tags.get(`${repository}:${tag}`)?.possible ?? none
  }

  /** Tags that point at the manifest, or may. */
  tagsOf({ repository, manifest }: Known): readonly (TagName & { readonly possible: Possible })[] {
    return this.tags.filter((tag) => tag.repository === repository && tag.possible.has(manifest.digest))
  }

  /** Indexes that list the manifest and are there, or may be. */
  parentsOf({ repository, manifest }: Known): readonly Known[] {
    return this.manifests.filter(
      (known) =>
        known.repository === repository &&
        known.state !== 'gone' &&
        known.manifest.children.some(({ digest }) => digest === manifest.digest),
    )
  }

  /** Whether a pull must find it. */
  mustBeThere(known: Known): boolean {
    if (known.state !== 'there') return false
    return !known.orphaned || this.#isHeld(known)
  }

  /** Of what is gone for good nobody asks any more. */
  forget(known: Known): void {
    this.#manifests.delete(`${known.repository}@${known.manifest.digest}`)
    // Pushed again, it is known anew: what is remembered here would contradict that.
    this.#changed.delete(known)
  }

  takeChanged(): readonly Known[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed
  }

  pushed(at: { repository: string; manifest: Manifest; tag: string | undefined }): void {
    const known = this.#know(at)
    known.state = 'there'
    known.deleted = false
    // A subject that may follow its own parent or subject takes its referrers with it.
    known.orphaned = at.manifest.subject
      ? (this.find(at.repository, at.manifest.subject.digest)?.orphaned ?? false)
      : false
    // The registry refuses an index without its children here, so that these are there as well.
    for (const child of at.manifest.children) this.#know({ ...at, manifest: child }).state = 'there'
    if (at.tag !== undefined) this.#setTag({ ...at, tag: at.tag }, new Set([at.manifest.digest]))
    this.#letGo(at.repository)
  }

  pushUnanswered(at: { repository: string; manifest: Manifest; tag: string | undefined }): void {
    const known = this.#know(at)
    if (known.state === 'gone') known.state = 'maybe'
    known.deleted = false
    if (at.tag === undefined) return
    this.#setTag(
      { ...at, tag: at.tag },
      new Set([...this.possible({ ...at, tag: at.tag }), at.manifest.digest]),
    )
    this.#letGo(at.repository)
  }

  tagDeleted(name: TagName): void {
    this.#setTag(name, none)
    this.#letGo(name.repository)
  }

  tagDeletionUnanswered(name: TagName): void {
    this.#setTag(name, new Set([...this.possible(name), null]))
    this.#letGo(name.repository)
  }

  manifestDeleted(known: Known): void {
    known.state = 'gone'
    known.deleted = true
    this.#changed.add(known)
    for (const tag of this.tagsOf(known)) {
      const left = [...tag.possible].filter((digest) => digest !== known.manifest.digest)
      this.#setTag(tag, new Set([...left, null]))
    }
    this.#orphan(known)
    this.#letGo(known.repository)
  }

  manifestDeletionUnanswered(known: Known): void {
    if (known.state === 'there') known.state = 'maybe'
    this.#changed.add(known)
    for (const tag of this.tagsOf(known)) this.#setTag(tag, new Set([...tag.possible, null]))
    this.#orphan(known)
    this.#letGo(known.repository)
  }

  /** Somebody looked. @returns what is wrong with what he saw */
  sawManifest(known: Known, there: boolean): string | undefined {
    if (!there && this.mustBeThere(known)) return 'an acknowledged manifest is gone'
    if (there && known.state === 'gone')
      return known.deleted ? 'a deleted manifest is back' : 'a manifest that was seen gone is back'
    known.state = there ? 'there' : 'gone'
    known.seen = there
    this.#letGo(known.repository)
    return undefined
  }

  /** The same of a tag. */
  sawTag(name: TagName, digest: Digest | null): string | undefined {
    const possible = this.possible(name)
    if (!possible.has(digest)) {
      const expected = [...possible].map((each) => each ?? 'nothing').join(' or ')
      return `the tag points at ${digest ?? 'nothing'}, and must at ${expected}`
    }
    this.#tags.set(`${name.repository}:${name.tag}`, { ...name, possible: new Set([digest]) })
    const known = digest && this.find(name.repository, digest)
    if (known) known.state = 'there'
    this.#letGo(name.repository)
    return undefined
  }

  #know({ repository, manifest }: { repository: string; manifest: Manifest }): Known {
    const key = `${repository}@${manifest.digest}`
    let known = this.#manifests.get(key)
    if (!known) {
      known = { repository, manifest, state: 'gone', seen: false, deleted: false, orphaned: false }
      this.#manifests.set(key, known)
    }
    this.#changed.add(known)
    return known
  }

  #setTag({ repository, tag }: TagName, possible: Possible): void {
    const before = this.possible({ repository, tag })
    this.#tags.set(`${repository}:${tag}`, { repository, tag, possible })
    for (const digest of [...before, ...possible]) {
      const known = digest && this.find(repository, digest)
      if (known) this.#changed.add(known)
    }
  }

  #isHeld(known: Known): boolean {
    const { digest } = known.manifest
    if (this.tagsOf(known).some(({ possible }) => possible.size === 1)) return true
    if (this.parentsOf(known).some((parent) => this.mustBeThere(parent))) return true
    const subject = known.manifest.subject && this.find(known.repository, known.manifest.subject.digest)
    return subject !== undefined && subject.manifest.digest !== digest && this.mustBeThere(subject)
  }

  /** What nothing holds any more may be gone from now on, whatever holds it later. */
  #letGo(repository: string): void {
    for (let changed = true; changed; ) {
      changed = false
      for (const known of this.#manifests.values()) {
        if (known.repository !== repository || known.state !== 'there' || this.mustBeThere(known)) continue
        known.state = 'maybe'
        changed = true
      }
    }
  }

  /** What depended on a deleted manifest may follow it, and what depends on that. */
  #orphan({ repository, manifest }: Known): void {
    const children = new Set(manifest.children.map(({ digest }) => digest))
    for (const known of this.#manifests.values()) {
      if (known.repository !== repository || known.orphaned) continue
      const dependent =
        children.has(known.manifest.digest) || known.manifest.subject?.digest === manifest.digest
      if (!dependent) continue
      known.orphaned = true
      this.#changed.add(known)
      this.#orphan(known)
    }
  }
}

const none: Possible = new Set([null])
