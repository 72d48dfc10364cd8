import type { Row } from '../row.ts'
import { blobRanges } from './blob-ranges.ts'
import { digests } from './digests.ts'
import { framing } from './framing.ts'
import { headers } from './headers.ts'
import { heads } from './heads.ts'
import { listings } from './listings.ts'
import { manifestBodies } from './manifest-bodies.ts'
import { manifestDescriptors } from './manifest-descriptors.ts'
import { manifestPushes } from './manifest-pushes.ts'
import { methods } from './methods.ts'
import { mounts } from './mounts.ts'
import { names } from './names.ts'
import { tags } from './tags.ts'
import { uploadRanges } from './upload-ranges.ts'
import { openUploads } from './uploads.ts'

/** All requests, by their subject. */
export const tables: Readonly<Record<string, readonly Row[]>> = {
  'repository names': names,
  tags,
  digests,
  'ranges of blobs': blobRanges,
  'ranges of uploads': uploadRanges,
  'open uploads': openUploads,
  mounts,
  'bodies of manifests': manifestBodies,
  'descriptors in manifests': manifestDescriptors,
  'pushes of manifests': manifestPushes,
  listings,
  methods,
  headers,
  'heads of requests': heads,
  'framing of bodies': framing,
}
