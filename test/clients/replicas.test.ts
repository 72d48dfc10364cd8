// Budget: 60 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { removeDirectory, temporaryDirectory } from '../support/berth.ts'
import { buildImage, imageContent, pushedDigest } from '../support/docker-build.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { lackingPostgres } from '../support/postgres.ts'
import { writeRandomFile } from '../support/random-file.ts'
import { type Replicas, startReplicas } from '../support/replicas.ts'
import { requireHere, requireTools } from '../support/require.ts'
import { busyboxArchive } from '../support/root-filesystem.ts'
import { lackingS3 } from '../support/s3.ts'
import { servedImage } from '../support/served-image.ts'

const what = 'Docker with two servers behind nginx'
const ready =
  requireHere(what, [...lackingPostgres(), ...lackingS3()]) &&
  requireTools(['docker', 'dockerd', 'busybox', 'tar', 'nginx'], { asRoot: true })

describe.skipIf(!ready)(what, () => {
  let replicas: Replicas
  let engine: DockerEngine
  let registry: string

  beforeAll(async () => {
    replicas = await startReplicas({ blobs: 'bucket' })
    registry = `localhost:${replicas.port}`
    engine = await startDockerEngine()
    await engine.docker(['import', await busyboxArchive(), 'busybox'])
  })
  afterAll(async () => {
    await engine?.stop()
    await replicas?.stop()
  })

  test('pushes an image of several layers, finds them there again, pulls it back and runs it', async () => {
    const context = await temporaryDirectory()
    const sha256 = await writeRandomFile(join(context, 'random'), 48)
    const image = `${registry}/spread/app`
    const dockerfile = [
      'FROM busybox',
      'COPY greeting /etc/greeting',
      'COPY random /random',
      'CMD ["cat", "/etc/greeting"]',
    ].join('\n')
    await buildImage(engine, { tag: image, context, files: { greeting: 'ahoy\n' }, dockerfile })
    await removeDirectory(context)
    const content = await imageContent(engine, image)
    const digest = pushedDigest(await engine.docker(['push', image]))
    const again = await engine.docker(['push', image])
    expect(pushedDigest(again)).toBe(digest)
    expect(again.match(/Layer already exists/g)).toHaveLength(3)
    await engine.docker(['rmi', image])
    await engine.docker(['pull', image])
    expect(await imageContent(engine, image)).toEqual(content)
    expect(await engine.docker(['run', '--rm', '--network', 'none', image, 'sha256sum', '/random'])).toBe(
      `${sha256}  /random\n`,
    )
    for (const { url } of [...replicas.servers, replicas])
      expect((await servedImage(url, { repository: 'spread/app', reference: 'latest' })).digest).toBe(digest)
    const answered = [...(await replicas.nginx.answered()).values()]
    expect(answered).toHaveLength(2)
    expect(Math.min(...answered)).toBeGreaterThan(10)
  }, 120_000)

  test('goes on pulling and pushing when one of the servers is gone', async () => {
    const image = `${registry}/spread/survivor`
    await replicas.servers[0]?.stop('SIGKILL')
    await buildImage(engine, {
      tag: image,
      files: { greeting: 'still here\n' },
      dockerfile: 'FROM busybox\nCOPY greeting /etc/greeting\nCMD ["cat", "/etc/greeting"]',
    })
    await engine.docker(['push', image])
    await engine.docker(['rmi', image])
    await engine.docker(['pull', image])
    expect(await engine.docker(['run', '--rm', '--network', 'none', image])).toBe('still here\n')
  }, 120_000)
})
