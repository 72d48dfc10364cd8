import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-types.ts'
import { startBerth } from '../support/berth.ts'
import { verify } from '../support/damage.ts'
import { bytesOf, manifestUrl, pushBlob, pushImage, putManifest } from '../support/push.ts'

/** Changes the metadata as a broken disk would: behind the server's back. */
function tamper(data: string, statement: string, ...values: string[]): void {
  const database = new Database(join(data, 'metadata.sqlite'))
  try {
    expect(database.query(statement).run(...values).changes).toBeGreaterThan(0)
  } finally {
    database.close()
  }
}

test('a manifest whose bytes changed is found, kept from everyone, and healed by a push', async () => {
  const berth = await startBerth()
  const remote = { url: berth.url, repository: 'app' }
  const image = await pushImage(remote, { reference: '1.0' })
  const referrer = await pushImage(remote, {
    reference: 'signature',
    extra: {
      subject: { mediaType: mediaTypes.ociManifest, digest: image.digest, size: image.manifest.length },
    },
  })
  for (const { digest } of [image, referrer]) {
    tamper(
      berth.data,
      `update manifests set bytes = cast(replace(cast(bytes as text), '"schemaVersion":2', '"schemaVersion:2"') as blob) where digest = ?`,
      digest,
    )
  }
  // Even before anybody looked it is not served, nor does it spoil the list that it is in.
  expect((await fetch(manifestUrl(remote, '1.0'))).status).toBe(404)
  const referrers = `${berth.url}/v2/app/referrers/${image.digest}`
  expect(await (await fetch(referrers)).json()).toMatchObject({ manifests: [] })
  const reported = await verify(berth.data, '--no-quarantine')
  expect(reported.report.findings).toMatchObject([{ quarantined: false }, { quarantined: false }])

  const { exitCode, report } = await verify(berth.data)
  expect(exitCode).toBe(1)
  expect(report.counts['manifest-damaged']).toBe(2)
  expect(report.findings).toContainEqual(
    expect.objectContaining({
      kind: 'manifest-damaged',
      repository: 'app',
      digest: image.digest,
      quarantined: true,
      usedBy: ['app:1.0'],
    }),
  )
  for (const reference of ['1.0', image.digest]) {
    const pull = await fetch(manifestUrl(remote, reference))
    expect(pull.status).toBe(404)
    expect(await pull.json()).toMatchObject({
      errors: [
        {
          code: 'MANIFEST_UNKNOWN',
          message: expect.stringContaining(`${image.digest} are damaged: pushing it again heals it`),
          detail: { digest: image.digest, damaged: true },
        },
      ],
    })
    expect((await fetch(manifestUrl(remote, reference), { method: 'HEAD' })).status).toBe(404)
  }
  expect(await (await fetch(referrers)).json()).toMatchObject({ manifests: [] })

  await putManifest(remote, '1.0', image.manifest)
  await putManifest(remote, 'signature', referrer.manifest)
  expect(await (await fetch(manifestUrl(remote, '1.0'))).text()).toBe(image.manifest)
  expect(await (await fetch(referrers)).json()).toMatchObject({ manifests: [{ digest: referrer.digest }] })
  expect(await verify(berth.data)).toMatchObject({ exitCode: 0, report: { findings: [] } })
  await berth.stop()
})

test('an image that lacks a layer is told, unless the registry takes such images', async () => {
  let berth = await startBerth()
  const { data, port } = berth
  const remote = { url: berth.url, repository: 'app' }
  const image = await pushImage(remote, { reference: '1.0', content: 'the layer' })
  const layer = digestOf(bytesOf('the layer'))
  const config = await pushBlob(remote, bytesOf('{}'))
  const foreign = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 2 },
    layers: [
      {
        mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
        digest: digestOf(bytesOf('elsewhere')),
        size: 9,
        urls: ['https://example.com/layer'],
      },
    ],
  }
  await putManifest(remote, 'foreign', JSON.stringify(foreign))
  const absentChild = { mediaType: mediaTypes.ociManifest, digest: digestOf(bytesOf('child')), size: 5 }
  const sparse = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [absentChild] }
  await putManifest(remote, 'sparse', JSON.stringify(sparse))
  expect((await verify(data)).exitCode).toBe(0)

  tamper(data, 'delete from blob_links where digest = ?', layer)
  const { exitCode, report } = await verify(data)
  expect(exitCode).toBe(1)
  expect(report.findings).toMatchObject([
    { kind: 'incomplete', digest: image.digest, absent: [layer], usedBy: ['app:1.0'] },
    // Whoever deletes rows by hand does not count them.
    { kind: 'miscounted', namespace: 'library', recounted: true },
  ])
  await berth.stop()
  berth = await startBerth({ data, port, args: ['--manifests-missing', 'all'] })
  expect((await verify(data)).exitCode).toBe(0)
  await berth.stop()
  berth = await startBerth({ data, port, args: ['--manifests-missing', 'none'] })
  expect((await verify(data)).report.counts.incomplete).toBe(2)
  await berth.stop()
})
