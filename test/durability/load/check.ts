import { type Digest, digestOf } from '../../../src/oci/digest.ts'
import type { Manifest } from './content.ts'
import type { Known, Model, TagName } from './model.ts'
import { ask } from './requests.ts'

/** What was looked at, for the counts at the end. */
export interface Looks {
  manifests: number
  blobs: number
  absent: number
}

export interface Looking {
  readonly url: string
  readonly model: Model
  readonly looks: Looks
  /** Remembers in words what was seen. */
  saw(what: string): void
}

/** Looks at a manifest by its digest and pulls all of it. @returns what is wrong. @throws Unanswered, Refused */
export async function lookAtManifest(looking: Looking, known: Known): Promise<string[]> {
  const { url, model, looks } = looking
  const { repository, manifest } = known
  const served = await pullManifest(url, repository, manifest.digest)
  looking.saw(`saw ${repository}@${manifest.digest} ${served ? 'there' : 'gone'}, known as ${known.state}`)
  const wrong = model.sawManifest(known, served !== undefined)
  if (wrong) return [wrong]
  if (!served) {
    looks.absent += 1
    return []
  }
  if (!sameBytes(served.body, manifest.bytes)) return ['the manifest has other bytes than were pushed']
  if (served.mediaType !== manifest.mediaType) return [`the manifest has the type ${served.mediaType}`]
  const missing = await pullContent(looking, repository, manifest)
  // What may go at any moment may have gone in the middle of the pull, but as a whole.
  if (
    missing.length > 0 &&
    !model.mustBeThere(known) &&
    !(await pullManifest(url, repository, manifest.digest))
  )
    return []
  return missing
}

/** Looks at where a tag points, and that it shows the bytes that were pushed. */
export async function lookAtTag({ url, model, looks }: Looking, name: TagName): Promise<string[]> {
  const served = await pullManifest(url, name.repository, name.tag)
  const wrong = model.sawTag(name, served?.digest ?? null)
  if (wrong) return [wrong]
  if (!served) {
    looks.absent += 1
    return []
  }
  const known = model.find(name.repository, served.digest)
  return known && sameBytes(served.body, known.manifest.bytes)
    ? []
    : ['the tag shows other bytes than were pushed']
}

interface Served {
  readonly digest: Digest
  readonly mediaType: string
  readonly body: Uint8Array
}

async function pullManifest(url: string, repository: string, reference: string): Promise<Served | undefined> {
  const answer = await ask(`${url}/v2/${repository}/manifests/${reference}`, { expect: [200, 404] })
  if (answer.status === 404) return undefined
  return {
    digest: (answer.headers.get('docker-content-digest') ?? '') as Digest,
    mediaType: answer.headers.get('content-type') ?? '',
    body: answer.body,
  }
}

/** Config, layers and children. @returns what of it is missing or wrong */
async function pullContent(looking: Looking, repository: string, manifest: Manifest): Promise<string[]> {
  const { url, looks } = looking
  looks.manifests += 1
  const wrong: string[] = []
  for (const { digest, bytes } of manifest.blobs) {
    const answer = await ask(`${url}/v2/${repository}/blobs/${digest}`, { expect: [200, 404] })
    looks.blobs += 1
    if (answer.status === 404) wrong.push(`its blob ${digest} is missing`)
    else if (answer.body.length !== bytes.length || digestOf(answer.body) !== digest)
      wrong.push(`its blob ${digest} of ${bytes.length} bytes came as ${answer.body.length} other bytes`)
  }
  for (const child of manifest.children) {
    const served = await pullManifest(url, repository, child.digest)
    if (!served) wrong.push(`its child ${child.digest} is missing`)
    else wrong.push(...(await pullContent(looking, repository, child)))
  }
  return wrong
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
