import type { KnownManifest } from '../../metadata/metadata-store.ts'
import { algorithmOf, type Digest, digestOf } from '../../oci/digest.ts'
import { type Manifest, parseManifest } from '../../oci/manifest.ts'
import type { Findings } from './report.ts'
import { namesOf } from './users.ts'
import type { Verification } from './verification.ts'

/** A manifest has up to 4 MiB: a page of them must fit memory. */
const manifestsAtOnce = 16

/** @returns how many there are */
export async function verifyManifests(job: Verification, findings: Findings): Promise<number> {
  let count = 0
  for await (const manifest of knownManifests(job)) {
    await verifyManifest(job, manifest, findings)
    count += 1
    job.progress?.({ of: 'manifests', done: count })
  }
  return count
}

async function verifyManifest(job: Verification, manifest: KnownManifest, findings: Findings): Promise<void> {
  const { repository, digest } = manifest
  const sound = matches(manifest)
  if (!sound || manifest.damaged) {
    const state = job.quarantine
      ? await job.metadata.change('checkManifest', { repository, digest })
      : await checkAgain(job, manifest)
    if (state === 'sound' && job.quarantine) findings.add({ kind: 'released', repository, digest })
    if (state === 'damaged') {
      findings.add({
        kind: 'manifest-damaged',
        repository,
        digest,
        absent: [],
        quarantined: job.quarantine || manifest.damaged,
        usedBy: await namesOf(job.metadata, { repository, digest }),
      })
    }
  }
  if (sound) await requireWhole(job, manifest, findings)
}

/** What a push replaced meanwhile is no finding. */
async function checkAgain(
  { metadata }: Verification,
  { repository, digest }: KnownManifest,
): Promise<'absent' | 'sound' | 'damaged'> {
  const manifest = await metadata.findManifest({ repository, digest })
  if (!manifest) return 'absent'
  return matches(manifest) ? 'sound' : 'damaged'
}

function matches({ digest, bytes }: { digest: Digest; bytes: Uint8Array }): boolean {
  return digestOf(bytes, algorithmOf(digest)) === digest
}

async function requireWhole(job: Verification, manifest: KnownManifest, findings: Findings): Promise<void> {
  const { repository, digest } = manifest
  if (job.missing === 'all') return
  if ((await job.metadata.listAbsent({ repository, digest })).length === 0) return
  const parsed = parse(manifest)
  if (job.missing === 'index' && parsed?.kind === 'index') return
  const foreign = new Set(parsed?.references.filter((each) => each.foreign).map((each) => each.digest))
  // Asked again: the manifest may have been deleted, and its blobs after it.
  const absent = (await job.metadata.listAbsent({ repository, digest })).filter((each) => !foreign.has(each))
  if (absent.length === 0) return
  findings.add({
    kind: 'incomplete',
    repository,
    digest,
    absent,
    quarantined: false,
    usedBy: await namesOf(job.metadata, { repository, digest }),
  })
}

/** Undefined where it was stored by rules that took more. */
function parse({ bytes, mediaType }: KnownManifest): Manifest | undefined {
  try {
    return parseManifest(bytes, mediaType)
  } catch {
    return undefined
  }
}

async function* knownManifests({
  metadata,
  repository,
}: Verification): AsyncGenerator<KnownManifest, undefined> {
  let after = repository === undefined ? undefined : { repository, digest: '' as Digest }
  for (;;) {
    const limit = manifestsAtOnce
    const page = await metadata.listManifests(after ? { after, limit } : { limit })
    for (const manifest of page) {
      if (repository !== undefined && manifest.repository !== repository) return
      yield manifest
    }
    after = page.at(-1)
    if (!after || page.length < limit) return
  }
}
