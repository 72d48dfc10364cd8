import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAccountName } from '../../../src/access/account-name.ts'
import { isSetupCode, offerSetupCode, settleClosing } from '../../../src/access/closing.ts'
import { createFirstUser, register } from '../../../src/access/registration.ts'
import { createUser, deleteUser } from '../../../src/access/users.ts'
import { settleBlobsPlace } from '../../../src/blobs-place.ts'
import { openDataDirectory } from '../../../src/data-directory.ts'
import { failureOf, manifest } from '../../../src/metadata/contract/fixtures.ts'
import { RegistryError } from '../../../src/oci/errors.ts'
import type { RepositoryName } from '../../../src/oci/repository-name.ts'
import { rebuild } from '../../../src/recovery/rebuild.ts'
import { startBerth, temporaryDirectory } from '../../support/berth.ts'
import { anonymous, registryWithCallers } from '../../support/callers.ts'

const image = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: `sha256:${'0'.repeat(64)}`,
    size: 2,
  },
  layers: [],
})

const account = (name: string) => ({ name: parseAccountName(name), password: 'correct horse battery' })

/** What an operation failed with. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
}

test('the first user closes the registry, and what was pushed before is not his', async () => {
  await using hub = await registryWithCallers()
  expect((await hub.ask(anonymous, 'PUT', '/v2/alice/app/manifests/v1', image)).status).toBe(201)
  const alice = await hub.user('alice')
  expect((await hub.ask(anonymous, 'GET', '/v2/alice/app/manifests/v1')).status).toBe(401)
  expect((await hub.ask(anonymous, 'PUT', '/v2/alice/app/manifests/v1', image)).status).toBe(401)
  expect((await hub.ask(alice, 'GET', '/v2/alice/app/manifests/v1')).status).toBe(404)
  expect((await hub.ask(alice, 'PUT', '/v2/alice/other/manifests/v1', image)).status).toBe(403)
  const admin = await hub.user('boss', { admin: true })
  expect((await hub.ask(admin, 'GET', '/v2/alice/app/manifests/v1')).status).toBe(200)
  await deleteUser(hub.accounts, { name: parseAccountName('alice') })
  await deleteUser(hub.accounts, { name: parseAccountName('boss') })
  expect((await hub.ask(anonymous, 'GET', '/v2/alice/app/manifests/v1')).status).toBe(401)
})

test('over the network the first account takes the set-up code, and there is one first account', async () => {
  await using hub = await registryWithCallers()
  const { accounts } = hub
  const code = (await offerSetupCode(accounts.metadata)) ?? ''
  expect(code).toMatch(/^(?:[a-z0-9]{4}-){3}[a-z0-9]{4}$/)
  const first = (setupCode: string | undefined) =>
    codeOf(createFirstUser(accounts, { ...account('alice'), admin: true, setupCode }))
  for (const wrong of [undefined, '', 'aaaa-aaaa-aaaa-aaaa', code.slice(1)])
    expect(await first(wrong)).toBe('SETUP_CODE_INVALID')
  expect((await accounts.metadata.accessState()).closed).toBe(false)
  expect(await first(code.toUpperCase().replaceAll('-', ' '))).toBe('done')
  expect(await accounts.metadata.findUser('alice')).toMatchObject({ admin: true })
  expect(await isSetupCode(accounts.metadata, code)).toBe(false)
  expect(await first(code)).toBe('DENIED')
})

test('nobody registers unless the setting lets him, and never as the first', async () => {
  for (const [registration, outcome] of [
    ['off', 'REGISTRATION_CLOSED'],
    ['invite', 'REGISTRATION_CLOSED'],
    ['open', 'done'],
  ] as const) {
    await using hub = await registryWithCallers({ registration })
    expect(await codeOf(register(hub.accounts, account('early')))).toBe('REGISTRATION_CLOSED')
    await hub.ask(anonymous, 'PUT', '/v2/taken/app/manifests/v1', image)
    await hub.user('boss', { admin: true })
    expect(await codeOf(register(hub.accounts, account('carol')))).toBe(outcome)
    if (outcome !== 'done') continue
    for (const name of ['boss', 'taken'])
      expect(await codeOf(register(hub.accounts, account(name)))).toBe('NAME_TAKEN')
    expect(await codeOf(register(hub.accounts, account('library')))).toBe('NAME_RESERVED')
  }
})

test('a lost database does not open a registry that had accounts; neither does a new one beside its blobs', async () => {
  const hub = await registryWithCallers()
  await hub.user('alice')
  const { path } = hub.data
  await hub[Symbol.asyncDispose]()
  expect(existsSync(join(path, 'closed'))).toBe(true)
  for (const suffix of ['', '-wal', '-shm']) await rm(join(path, `metadata.sqlite${suffix}`), { force: true })
  const berth = await startBerth({ data: path })
  expect((await fetch(`${berth.url}/v2/`)).status).toBe(401)
  expect((await fetch(`${berth.url}/v2/any/thing/blobs/uploads/`, { method: 'POST' })).status).toBe(401)
  await berth.stop()
})

test('a database that says closed makes the mark where it is missing', async () => {
  await using hub = await registryWithCallers()
  await hub.user('alice')
  await rm(join(hub.data.path, 'closed'))
  expect(await settleClosing(hub.data)).toMatchObject({ closed: true })
  expect(existsSync(join(hub.data.path, 'closed'))).toBe(true)
})

test('a new database whose bucket answers at first, and then not, is not taken for an open registry', async () => {
  const path = await temporaryDirectory()
  await using data = await openDataDirectory({ data: path, exclusive: true })
  const { metadata } = data
  const away = () => Promise.reject(new RegistryError('STORAGE_UNAVAILABLE', 'the bucket is away'))
  const bucket = (isMarkedClosed: () => Promise<boolean>) => ({
    metadata,
    blobs: { isMarkedClosed, markClosed: away },
  })
  // That is on record before the mark is looked at.
  await settleBlobsPlace(metadata, { blobs: data.blobs, place: 's3://bucket/' })
  for (const _ of ['the first start', 'the next'])
    expect(await failureOf(settleClosing(bucket(away)))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  expect(await settleClosing(bucket(async () => false))).toMatchObject({ closed: false })
  expect(await settleClosing(bucket(away))).toMatchObject({ closed: false })
})

test('a rebuild brings accounts, rights and visibility back, and the registry closed', async () => {
  const path = await temporaryDirectory()
  const data = await openDataDirectory({ data: path, exclusive: true })
  const { metadata } = data
  const user = { email: null, passwordHash: 'hash', admin: false, first: false, invitation: null }
  await metadata.change('createUser', { ...user, id: 'id-alice', name: 'alice' })
  await metadata.change('createUser', { ...user, id: 'id-bob', name: 'bob' })
  await metadata.change('createUser', { ...user, id: 'id-gone', name: 'gone' })
  const bytes = new TextEncoder().encode(image)
  for (const repository of ['alice/open', 'alice/secret', 'gone/app'] as RepositoryName[])
    await metadata.change('putManifest', manifest(image, { repository, bytes, missing: 'all' }))
  await metadata.change('setVisibility', { repository: 'alice/open' as RepositoryName, visibility: 'public' })
  for (const resource of ['alice/secret', 'gone/app'])
    await metadata.change('setGrant', {
      subject: 'id-bob',
      subjectKind: 'user',
      resourceKind: 'repository',
      resource,
      role: 'write',
    })
  await metadata.change('deleteUser', { id: 'id-gone' })
  await data[Symbol.asyncDispose]()
  for (const suffix of ['', '-wal', '-shm']) await rm(join(path, `metadata.sqlite${suffix}`), { force: true })
  const report = await rebuild({ data: path, quick: false, now: Date.now(), progress: () => undefined })
  expect(report).toMatchObject({ closed: true, hidden: 0 })
  await using again = await openDataDirectory({ data: path })
  expect(await again.metadata.accessState()).toMatchObject({ closed: true, hasUsers: true })
  expect(await again.metadata.findUser('gone')).toBeUndefined()
  expect(await again.metadata.findSignIn('bob')).toMatchObject({ passwordHash: 'hash' })
  expect(await again.metadata.findVisibility('alice/open' as RepositoryName)).toBe('public')
  expect(await again.metadata.findVisibility('alice/secret' as RepositoryName)).toBe('private')
  expect(await again.metadata.listGrantsTo({ subject: 'id-bob', limit: 5 })).toMatchObject([
    { resource: 'alice/secret' },
  ])
  expect(await again.metadata.findNamespace('gone')).toMatchObject({ ownerKind: 'administrators' })
})

test('a name that is reserved or taken makes no user and closes nothing', async () => {
  await using hub = await registryWithCallers()
  for (const name of ['admin', 'library', 'Alice', 'a/b'])
    expect(
      await codeOf((async () => createUser(hub.accounts, { ...account(name), admin: true }))()),
    ).toStartWith('NAME_')
  expect(await hub.accounts.metadata.accessState()).toMatchObject({ closed: false })
  expect(existsSync(join(hub.data.path, 'closed'))).toBe(false)
})
