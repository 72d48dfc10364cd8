import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import {
  type CommitLosingProxy,
  type Loss,
  startCommitLosingProxy,
} from '../../../test/support/commit-losing-proxy.ts'
import {
  administer,
  dropDatabase,
  makeDatabase,
  optionsFor,
  postgresServer,
  requirePostgres,
} from '../../../test/support/postgres.ts'
import type { ChangeArguments, ChangeName } from '../changes/changes.ts'
import {
  app,
  deletion,
  digestFor,
  failureOf,
  hour,
  manifest,
  newId,
  storeBlob,
  tag,
  upload,
} from '../contract/fixtures.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { openPostgresMetadataStore } from './postgres-metadata-store.ts'

describe.skipIf(!requirePostgres('what becomes of lost COMMITs'))('a COMMIT whose answer is lost', () => {
  let database: string
  let proxy: CommitLosingProxy
  let store: MetadataStore
  let lostBefore = 0

  beforeAll(async () => {
    database = await makeDatabase(postgresServer ?? '')
    proxy = await startCommitLosingProxy(database)
    // What is sealed in between must not take the loss that is meant for a change.
    store = await openPostgresMetadataStore({ ...optionsFor(proxy.url), auditGathering: hour })
  })
  beforeEach(() => {
    lostBefore = proxy.lost()
  })
  afterAll(async () => {
    await store?.close()
    await proxy?.[Symbol.asyncDispose]()
    await dropDatabase(database)
  })

  /** Makes a change whose COMMIT is lost. */
  async function losing<N extends ChangeName>(loss: Loss, name: N, args: ChangeArguments<N>) {
    proxy.loseNext(loss)
    const result = await store.change(name, args)
    expect(proxy.lost()).toBe(lostBefore + 1)
    lostBefore = proxy.lost()
    return result
  }

  async function unknown<N extends ChangeName>(loss: Loss, name: N, args: ChangeArguments<N>) {
    proxy.loseNext(loss)
    expect(await failureOf(store.change(name, args))).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  }

  test.each<Loss>(['answer', 'commit'])(
    'is settled on the whole way of a blob, where the %s is lost',
    async (loss) => {
      const id = newId()
      const content = `a layer ${loss}`
      const digest = digestFor(content)
      await losing(loss, 'openUpload', upload(id))
      const lease = { id, repository: app, writer: 'first', target: null }
      expect(await losing(loss, 'leaseUpload', lease)).toMatchObject({ writer: 'first', durable_offset: 0 })
      const progress = { id, writer: 'first', from: 0, to: 100, digestSoFar: digest }
      await losing(loss, 'appendUpload', progress)
      expect(await store.findUpload({ id, repository: app })).toMatchObject({
        offset: 100,
        digestSoFar: digest,
      })
      const objectKey = `blobs/${id}`
      const target = { key: objectKey, prefix: 'blobs/' }
      expect(
        await losing(loss, 'leaseUpload', { id, repository: app, writer: 'second', target }),
      ).toMatchObject({ target_key: objectKey })
      await losing(loss, 'commitUpload', {
        id,
        writer: 'second',
        repository: app,
        digest,
        objectKey,
        size: 100,
        grace: hour,
      })
      expect(await store.findBlob({ repository: app, digest })).toMatchObject({ objectKey })
      expect(await store.findUpload({ id, repository: app })).toBeUndefined()
      expect(await store.listDoomed({ age: 0, limit: 10 })).toEqual([])
    },
  )

  test('of a manifest is settled where no tag would move a second time, and is unknown elsewhere', async () => {
    const untagged = manifest('untagged')
    await losing('answer', 'putManifest', untagged)
    await losing('commit', 'putManifest', manifest('untagged too'))
    expect(await store.findManifest({ repository: app, digest: untagged.digest })).toBeDefined()
    const tagged = manifest('tagged', { tags: [tag('v1')] })
    await losing('answer', 'putManifest', tagged)
    expect(await store.listTagMoves({ repository: app, tag: tag('v1'), limit: 10 })).toHaveLength(1)
    await unknown('commit', 'putManifest', manifest('moved', { tags: [tag('v1')] }))
    expect((await store.findTagged({ repository: app, tag: tag('v1') }))?.digest).toBe(tagged.digest)
  })

  test('of a deletion is told as unknown, whether it was done or not', async () => {
    const kept = manifest('kept', { tags: [tag('kept')] })
    await store.change('putManifest', kept)
    const address = { repository: app, tag: tag('kept'), ...deletion }
    await unknown('commit', 'deleteTag', address)
    expect(await store.findTagged(address)).toBeDefined()
    await unknown('answer', 'deleteTag', address)
    expect(await store.findTagged(address)).toBeUndefined()
  })

  test('leaves an audit log that is whole, with the row or without', async () => {
    await losing('answer', 'putManifest', manifest('recorded'))
    await losing('commit', 'putManifest', manifest('recorded again'))
    await unknown('answer', 'setState', { key: 'read-only', value: '{}' })
    await unknown('commit', 'setState', { key: 'read-only', value: null })
    await store.change('setState', { key: 'read-only', value: null })
    await store.close()
    store = await openPostgresMetadataStore({ ...optionsFor(proxy.url), auditGathering: hour })
    expect(await store.verifyAudit({})).toMatchObject({ unsealed: 0, findings: [] })
    await administer(database, "update audit_events set who = 'mallory' where action = 'registry:read-only'")
    expect((await store.verifyAudit({})).findings.map(({ kind }) => kind)).toEqual(['changed', 'changed'])
  })

  test('of what goes by a digest is repeated', async () => {
    const { digest, objectKey } = await storeBlob(store, { content: 'confirmed' })
    for (const loss of ['answer', 'commit'] as const) {
      expect(await losing(loss, 'confirmBlob', { repository: app, digest, grace: hour })).toBe(true)
      expect(await losing(loss, 'quarantineBlob', { digest, objectKey })).toBe(true)
    }
  })
})
