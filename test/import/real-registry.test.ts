import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { mediaTypes } from '../../src/oci/media-types.ts'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { distributionProgram, startDistribution } from '../support/distribution.ts'
import { changesOf, importResult } from '../support/imports.ts'
import { bytesOf, manifestUrl, pushBlob, pushImage, putManifest } from '../support/push.ts'
import { manifestStatus, servedImage } from '../support/served-image.ts'

const configType = 'application/vnd.oci.image.config.v1+json'

for (const name of ['docker-registry', 'registry'] as const) {
  const program = distributionProgram(name)
  describe.skipIf(!program)(`what was pushed to a ${name}`, () => {
    test('is served by Berth as it was there, and what was deleted there is not', async () => {
      const source = await startDistribution(program ?? '')
      const at = (repository: string) => ({ url: source.url, repository })
      const amd = await pushImage(at('team/app'), { reference: 'amd', content: 'layer for amd64' })
      const arm = await pushImage(at('team/app'), { reference: '', content: 'layer for arm64' })
      const index = JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [amd, arm].map(({ digest, manifest }) => ({
          mediaType: mediaTypes.ociManifest,
          digest,
          size: bytesOf(manifest).length,
        })),
      })
      await putManifest(at('team/app'), 'multi', index)
      await pushImage(at('team/app/nested'), { content: 'layer for amd64' })
      await pushImage(at('plain'), { reference: 'docker', extra: { mediaType: mediaTypes.dockerManifest } })
      const subject = {
        mediaType: mediaTypes.ociManifest,
        digest: amd.digest,
        size: bytesOf(amd.manifest).length,
      }
      const signature = await pushImage(at('team/app'), {
        reference: '',
        content: 'signed',
        extra: { subject },
      })
      const retagged = await pushImage(at('plain'), { reference: 'moving', content: 'first' })
      await pushImage(at('plain'), { reference: 'moving', content: 'second' })
      const deleted = await pushImage(at('plain'), { reference: 'deleted', content: 'to be deleted' })
      expect((await fetch(manifestUrl(at('plain'), deleted.digest), { method: 'DELETE' })).status).toBe(202)
      await pushBlob(at('plain'), bytesOf('a blob that no manifest uses'))

      const names: readonly (readonly [string, string])[] = [
        ['team/app', 'amd'],
        ['team/app', 'multi'],
        ['team/app', arm.digest],
        ['team/app', signature.digest],
        ['team/app/nested', 'latest'],
        ['plain', 'docker'],
        ['plain', 'moving'],
        ['plain', retagged.digest],
      ]
      const all = (url: string) =>
        Promise.all(names.map(([repository, reference]) => servedImage(url, { repository, reference })))
      const expected = await all(source.url)
      await source.stop()

      const data = join(await temporaryDirectory(), 'data')
      const outcome = await importResult(['registry', source.data, '--data', data])
      expect(outcome).toMatchObject({ exitCode: 0, repositories: 3, skipped: [], ignored: [] })
      const berth = await startBerth({ data })
      expect(await all(berth.url)).toEqual(expected)
      for (const reference of ['deleted', deleted.digest])
        expect(await manifestStatus(berth.url, { repository: 'plain', reference })).toBe(404)
      const referrers = await fetch(`${berth.url}/v2/team/app/referrers/${amd.digest}`)
      expect(await referrers.json()).toMatchObject({
        manifests: [{ digest: signature.digest, artifactType: configType }],
      })
      await berth.stop()
      const again = await importResult(['registry', source.data, '--data', data])
      expect(changesOf(again)).toEqual({ manifests: 0, tags: 0, blobs: 0 })
    })

    test('goes on to be served there, whatever Berth removes of what it linked', async () => {
      const source = await startDistribution(program ?? '')
      await pushImage({ url: source.url, repository: 'app' }, { content: 'still there' })
      const before = await servedImage(source.url, { repository: 'app', reference: 'latest' })
      const data = join(await temporaryDirectory(), 'data')
      await importResult(['registry', source.data, '--data', data, '--link'])
      const berth = await startBerth({
        data,
        args: [
          '--gc-grace',
          '0s',
          '--gc-interval',
          '100ms',
          '--gc-keep-objects',
          '0s',
          '--trash-retention',
          '0s',
        ],
      })
      const target = manifestUrl({ url: berth.url, repository: 'app' }, before.digest)
      expect((await fetch(target, { method: 'DELETE' })).status).toBe(202)
      const blobs = new Bun.Glob('blobs/*/*/*')
      const objects = () => Array.from(blobs.scanSync({ cwd: data }))
      for (const deadline = Date.now() + 10_000; objects().length > 0 && Date.now() < deadline; )
        await Bun.sleep(50)
      expect(objects()).toEqual([])
      expect(await servedImage(source.url, { repository: 'app', reference: 'latest' })).toEqual(before)
      await pushImage({ url: source.url, repository: 'app' }, { reference: 'newer', content: 'pushed after' })
      await berth.stop()
      await source.stop()
    })
  })
}
