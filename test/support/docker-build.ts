import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { removeDirectory, temporaryDirectory } from './berth.ts'
import type { DockerEngine } from './docker-engine.ts'

export interface DockerBuild {
  tag: string
  dockerfile: string
  /** Files of the build context, by path. */
  files?: Record<string, string>
  /** A directory to build in, for files that are too large for that; a temporary one unless given. */
  context?: string
  /** As in `linux/arm64`; the engine's own unless given. */
  platform?: string
}

/** Builds an image with the classic builder, which needs no image of its own, and without a network. */
export async function buildImage(engine: DockerEngine, build: DockerBuild): Promise<void> {
  const context = build.context ?? (await temporaryDirectory())
  for (const [path, content] of Object.entries({ ...build.files, Dockerfile: build.dockerfile })) {
    await mkdir(dirname(join(context, path)), { recursive: true })
    await Bun.write(join(context, path), content)
  }
  const platform = build.platform ? ['--platform', build.platform] : []
  await engine.docker(['build', '--network', 'none', ...platform, '--tag', build.tag, context])
  if (!build.context) await removeDirectory(context)
}

/** What an image is, apart from its names: its id, its layers before compression and how it runs. */
export async function imageContent(engine: DockerEngine, image: string): Promise<unknown> {
  const format = '{"id":{{json .Id}},"layers":{{json .RootFS}},"config":{{json .Config}}}'
  return JSON.parse(await engine.docker(['image', 'inspect', '--format', format, image]))
}

/** The digest that `docker push` reports at its end. */
export function pushedDigest(printed: string): string {
  const digest = /digest: (sha256:[0-9a-f]{64}) size: \d+/.exec(printed)?.[1]
  if (!digest) throw new Error(`docker push reported no digest:\n${printed}`)
  return digest
}
