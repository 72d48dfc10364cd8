import type { Known, TagName } from './model.ts'
import { ask } from './requests.ts'
import { change, manifestUrl, type Session } from './session.ts'

/** Deletes a tag, which may be gone already. @throws Unanswered, Refused where the answer can't be */
export async function deleteTag(session: Session, tag: TagName): Promise<void> {
  const { model, tally } = session
  const possible = model.possible(tag)
  const mayBeThere = possible.size > 1 || !possible.has(null)
  const expect = [...(possible.has(null) ? [404] : []), ...(mayBeThere ? [202] : [])]
  const told = {
    what: `deleted the tag ${tag.repository}:${tag.tag}`,
    done: () => model.tagDeleted(tag),
    unanswered: () => model.tagDeletionUnanswered(tag),
  }
  await change(session, told, () =>
    ask(manifestUrl(session, tag.repository, tag.tag), { method: 'DELETE', expect }),
  )
  tally.tagDeletions += 1
}

/** Deletes a manifest, which an index may keep, or which may be gone already. @throws Unanswered, Refused */
export async function deleteManifest(session: Session, known: Known): Promise<void> {
  const { model, tally } = session
  const parents = model.parentsOf(known)
  const mustBeRefused = parents.some((parent) => model.mustBeThere(parent))
  const expect = [
    ...(parents.length > 0 ? [405] : []),
    ...(mustBeRefused ? [] : [202]),
    ...(model.mustBeThere(known) ? [] : [404]),
  ]
  let refused = false
  const told = {
    what: `deleted ${known.repository}@${known.manifest.digest}`,
    done: () => {
      if (!refused) model.manifestDeleted(known)
    },
    unanswered: () => model.manifestDeletionUnanswered(known),
  }
  await change(session, told, async () => {
    const target = manifestUrl(session, known.repository, known.manifest.digest)
    const { status } = await ask(target, { method: 'DELETE', expect })
    refused = status === 405
    if (status === 202) tally.manifestDeletions += 1
  })
}
