import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { removeDirectory, temporaryDirectory } from './berth.ts'
import { run } from './command.ts'

/** An OCI image layout in a directory. */
export interface Layout {
  readonly directory: string
  /** The digest that its index.json names: of an image, or of an index of images. */
  readonly digest: string
  /** The digests of all its manifests, configs and layers, sorted. */
  readonly digests: readonly string[]
}

export interface LayoutImage {
  readonly architecture: string
  /** Each layer's files, by path. */
  readonly layers: readonly Record<string, string>[]
}

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
}

/** Writes a layout whose tag `latest` is the image, or an index of the images if there are several. */
export async function writeLayout(images: readonly LayoutImage[]): Promise<Layout> {
  const directory = await temporaryDirectory()
  await mkdir(join(directory, 'blobs/sha256'), { recursive: true })
  const manifests = []
  for (const image of images) {
    const platform = { os: 'linux', architecture: image.architecture }
    manifests.push({ ...(await writeImage(directory, image)), platform })
  }
  const [only, ...others] = manifests
  if (!only) throw new Error('a layout needs an image')
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests }
  const top =
    others.length === 0 ? only : await writeJson(directory, { mediaType: mediaTypes.index, value: index })
  const tagged = { ...top, annotations: { 'org.opencontainers.image.ref.name': 'latest' } }
  await Bun.write(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  await Bun.write(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [tagged] }))
  return readLayout(directory)
}

/** Reads a layout of one tag; throws where a blob's bytes differ from its name. */
export async function readLayout(directory: string): Promise<Layout> {
  const { manifests } = (await Bun.file(join(directory, 'index.json')).json()) as { manifests: Descriptor[] }
  if (manifests.length !== 1 || !manifests[0]) throw new Error(`${directory} has ${manifests.length} entries`)
  const names = (await readdir(join(directory, 'blobs/sha256'))).sort()
  for (const name of names) {
    const bytes = await Bun.file(join(directory, 'blobs/sha256', name)).bytes()
    if (sha256(bytes) !== name) throw new Error(`${directory}: the blob ${name} holds ${sha256(bytes)}`)
  }
  return { directory, digest: manifests[0].digest, digests: names.map((name) => `sha256:${name}`) }
}

async function writeImage(directory: string, image: LayoutImage): Promise<Descriptor> {
  const layers: Descriptor[] = []
  const diffIds: string[] = []
  for (const files of image.layers) {
    const archive = await archiveOf(files)
    diffIds.push(`sha256:${sha256(archive)}`)
    layers.push(await writeBlob(directory, { mediaType: mediaTypes.layer, bytes: Bun.gzipSync(archive) }))
  }
  const config = await writeJson(directory, {
    mediaType: mediaTypes.config,
    value: {
      os: 'linux',
      architecture: image.architecture,
      config: { Env: ['SHIP=berth'], Cmd: ['/bin/sh'], Labels: { made: 'by hand' } },
      rootfs: { type: 'layers', diff_ids: diffIds },
    },
  })
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers }
  return writeJson(directory, { mediaType: mediaTypes.manifest, value: manifest })
}

async function archiveOf(files: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  const directory = await temporaryDirectory()
  const root = join(directory, 'root')
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await Bun.write(join(root, path), content)
  }
  const archive = join(directory, 'layer.tar')
  await run('tar', ['-C', root, '--owner=0', '--group=0', '--numeric-owner', '-cf', archive, '.'])
  const bytes = await Bun.file(archive).bytes()
  await removeDirectory(directory)
  return bytes
}

function writeJson(directory: string, json: { mediaType: string; value: unknown }): Promise<Descriptor> {
  const bytes = new TextEncoder().encode(JSON.stringify(json.value))
  return writeBlob(directory, { mediaType: json.mediaType, bytes })
}

async function writeBlob(
  directory: string,
  blob: { mediaType: string; bytes: Uint8Array<ArrayBuffer> },
): Promise<Descriptor> {
  const name = sha256(blob.bytes)
  await Bun.write(join(directory, 'blobs/sha256', name), blob.bytes)
  return { mediaType: blob.mediaType, digest: `sha256:${name}`, size: blob.bytes.length }
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
}
