import type { Blob as Content, Manifest } from './content.ts'
import type { Known } from './model.ts'
import { pushBlob } from './push-blob.ts'
import { ask, Refused } from './requests.ts'
import { change, manifestUrl, type Session } from './session.ts'

/** Attempts of one push: what was collected meanwhile is pushed again. */
const attempts = 5

export interface ImagePush {
  readonly repository: string
  readonly manifest: Manifest
  /** Undefined: by its digest. */
  readonly tag?: string | undefined
}

/** Pushes all that the manifest needs, and then it. @throws Unanswered, Refused */
export async function pushImage(session: Session, push: ImagePush): Promise<void> {
  const { tally, place } = session
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const begun = performance.now()
    try {
      await pushOnce(session, push)
      tally.pushes += 1
      return
    } catch (error) {
      if (!isBlobUnknown(error)) throw error
      tally.refusedPushes += 1
      // Within half of the grace of the first answer that it relied on, this breaks a promise.
      const passed = performance.now() - begun
      if (passed < place.grace / 2) {
        const sentence = `${push.repository}: ${Math.round(passed)} ms after the first blob was there: ${error.message}`
        tally.wrong(sentence, push.manifest.digest)
      }
    }
  }
  tally.gaveUp += 1
}

/** What a live manifest needs is held: nothing need be pushed for one more name. @throws Unanswered, Refused */
export async function retag(session: Session, known: Known, tag: string): Promise<void> {
  const { model, tally } = session
  try {
    await putManifest(session, { ...known, tag })
    tally.retags += 1
  } catch (error) {
    if (!isBlobUnknown(error)) throw error
    if (model.mustBeThere(known)) tally.wrong(`a retag: ${error.message}`, known.manifest.digest)
  }
}

async function pushOnce(session: Session, push: ImagePush): Promise<void> {
  for (const child of push.manifest.children) {
    if (await holdsManifest(session, push.repository, child)) session.tally.skippedChildren += 1
    else await pushOnce(session, { repository: push.repository, manifest: child })
  }
  for (const blob of push.manifest.blobs) await bringBlob(session, push.repository, blob)
  await putManifest(session, push)
}

/** As containerd asks: a child that is there is not pushed again. */
async function holdsManifest(session: Session, repository: string, { digest }: Manifest): Promise<boolean> {
  const asked = await ask(manifestUrl(session, repository, digest), { method: 'HEAD', expect: [200, 404] })
  return asked.status === 200
}

async function bringBlob(session: Session, repository: string, blob: Content): Promise<void> {
  const { random, tally, repositories, uploads, place } = session
  const way = await pushBlob({
    url: place.url,
    repository,
    blob,
    random,
    sources: repositories,
    opened: (upload) => uploads.add(upload),
    closed: (upload) => uploads.delete(upload),
  })
  tally.blobs[way] += 1
}

async function putManifest(session: Session, push: ImagePush): Promise<void> {
  const { model } = session
  const { repository, manifest, tag } = push
  const at = { repository, manifest, tag }
  const related = [...manifest.children, ...(manifest.subject ? [manifest.subject] : [])]
  const refers =
    related.length > 0 ? `, which refers to ${related.map(({ digest }) => digest).join(', ')}` : ''
  const told = {
    what: `pushed ${repository}:${tag ?? ''}@${manifest.digest}${refers}`,
    done: () => model.pushed(at),
    unanswered: () => model.pushUnanswered(at),
  }
  await change(session, told, () =>
    ask(manifestUrl(session, repository, tag ?? manifest.digest), {
      method: 'PUT',
      headers: { 'Content-Type': manifest.mediaType },
      body: manifest.bytes,
      expect: [201],
    }),
  )
}

/** Whether this is the one refusal that a push must bear: collected meanwhile, it is pushed again. */
function isBlobUnknown(error: unknown): error is Refused {
  return error instanceof Refused && error.code === 'MANIFEST_BLOB_UNKNOWN'
}
