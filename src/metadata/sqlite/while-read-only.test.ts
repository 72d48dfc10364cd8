import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { app, digestFor, failureOf, manifest, newId, storeBlob, tag, upload } from '../contract/fixtures.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { openSqliteMetadataStore } from './sqlite-metadata-store.ts'

async function open(): Promise<{ served: MetadataStore; beside: MetadataStore } & AsyncDisposable> {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const served = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  const beside = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  const close = async () => {
    await beside.close()
    await served.close()
  }
  return { served, beside, [Symbol.asyncDispose]: close }
}

const turn = (store: MetadataStore, value: string | null) =>
  store.change('setState', { key: 'read-only', value })

test('an upload that began before the registry was made read-only is not acknowledged after it', async () => {
  await using stores = await open()
  const { served, beside } = stores
  const id = newId()
  await served.change('openUpload', upload(id))
  const target = { key: `blobs/${id}`, prefix: 'blobs/' }
  await served.change('leaseUpload', { id, repository: app, writer: 'w', target })
  await turn(beside, '{}')
  const digest = digestFor('layer')
  const commit = { id, writer: 'w', repository: app, digest, objectKey: target.key, size: 5, grace: 0 }
  expect(await failureOf(served.change('commitUpload', commit))).toMatchObject({ code: 'READ_ONLY' })
  expect(await served.findBlob({ repository: app, digest })).toBeUndefined()
  await turn(beside, null)
  await served.change('commitUpload', commit)
  expect(await served.findBlob({ repository: app, digest })).toBeDefined()
})

test('while the registry is read-only what changes its content is refused, and what notes how things are is not', async () => {
  await using stores = await open()
  const { served, beside } = stores
  const { digest } = await storeBlob(served)
  await turn(beside, '{}')
  const image = manifest('image', { tags: [tag('latest')] })
  expect(await failureOf(served.change('putManifest', image))).toMatchObject({ code: 'READ_ONLY' })
  const unlink = { repository: app, digest }
  expect(await failureOf(served.change('unlinkBlob', unlink))).toMatchObject({ code: 'READ_ONLY' })
  await served.change('recordPulls', { pulls: [] })
  await served.change('holdObjects', { id: 'copy', duration: 1000 })
  await served.change('setState', { key: 'rules', value: '{}' })
})
