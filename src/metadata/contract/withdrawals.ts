import { expect, test } from 'bun:test'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { ResourceKind } from '../accounts-schema.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { organise, question, user } from './accounts-fixtures.ts'
import { app, failureOf, hour, manifest, type OpenStore, other, storeBlob } from './fixtures.ts'

/** Who has a name next begins anew: what was granted goes with what it was granted on. */
export function withdrawalsContract(open: OpenStore): void {
  test('what was granted in a user’s namespace goes with him, also where nothing was pushed yet', async () => {
    const store = await open()
    await organise(store)
    await store.change('createUser', user('alice'))
    await grant(store, 'namespace', 'alice')
    await grant(store, 'repository', 'alice/app')
    await grant(store, 'repository', 'alice0/app')
    await store.change('deleteUser', { id: 'id-alice' })
    await store.change('createUser', user('alice', { id: 'second' }))
    expect(await granted(store, 'alice/app')).toBeUndefined()
    expect(await granted(store, 'alice0/app')).toBe('admin')
  })

  test('what an organisation leaves behind is private, and nobody’s but the administrators’', async () => {
    const store = await open()
    await organise(store)
    const repository = 'acme/app' as RepositoryName
    await store.change('setNamespace', { name: 'acme', defaultVisibility: 'public' })
    await store.change('putManifest', manifest('image', { repository }))
    expect(await store.findVisibility(repository)).toBe('public')
    await grant(store, 'namespace', 'acme')
    await grant(store, 'repository', repository)
    await store.change('deleteOrganisation', { id: 'id-acme' })
    expect(await granted(store, repository)).toBeUndefined()
    expect(await store.findVisibility(repository)).toBe('private')
    expect(await store.findNamespace('acme')).toMatchObject({
      ownerKind: 'administrators',
      defaultVisibility: 'private',
    })
  })

  test('a namespace that is made for an account has no grants from before', async () => {
    const store = await open()
    await organise(store)
    await grant(store, 'repository', 'alice/app')
    await store.change('createUser', user('alice'))
    expect(await granted(store, 'alice/app')).toBeUndefined()
  })

  test('a blob that a user left without a manifest keeps the next of his name from the namespace', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    await storeBlob(store, { repository: 'alice/app' as RepositoryName })
    await store.change('deleteUser', { id: 'id-alice' })
    expect(await store.change('createUser', user('alice', { id: 'second' }))).toMatchObject({
      namespace: false,
    })
  })

  test('an invitation goes with who made it', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    const invitation = { email: null, organisation: null, expires_at: Date.now() + hour }
    await store.change('createInvitation', { ...invitation, id: '1', hash: 'one', created_by: 'alice' })
    await store.change('createInvitation', { ...invitation, id: '2', hash: 'two', created_by: 'olga' })
    await store.change('deleteUser', { id: 'id-alice' })
    const taken = store.change('createUser', user('new', { invitation: 'one' }))
    expect(await failureOf(taken)).toMatchObject({ code: 'INVITATION_INVALID' })
    await store.change('createUser', user('new', { invitation: 'two' }))
  })

  test('grants on a repository stay while the trash can bring it back, and go with it for good', async () => {
    const store = await open()
    await organise(store)
    await push(store)
    await remove(store, 'first')
    expect(await granted(store, app)).toBe('admin')
    await restore(store, 'first', null)
    expect(await granted(store, app)).toBe('admin')
    await remove(store, 'second')
    await store.change('emptyTrash', { id: 'second', limit: 10 })
    expect(await granted(store, app)).toBeUndefined()
    await push(store)
    await remove(store, null)
    expect(await granted(store, app)).toBeUndefined()
  })

  test('grants stay where the repository was pushed again, or another deletion of it can be taken back', async () => {
    const store = await open()
    await organise(store)
    await push(store)
    await remove(store, 'first')
    await push(store)
    await store.change('emptyTrash', { id: 'first', limit: 10 })
    expect(await granted(store, app)).toBe('admin')
    await remove(store, 'second')
    await push(store)
    await remove(store, null)
    expect(await granted(store, app)).toBe('admin')
    await store.change('emptyTrash', { id: 'second', limit: 10 })
    expect(await granted(store, app)).toBeUndefined()
  })

  test('a repository that is restored under another name leaves no grants under the old one', async () => {
    const store = await open()
    await organise(store)
    await push(store)
    await remove(store, 'first')
    await restore(store, 'first', other)
    expect(await granted(store, app)).toBeUndefined()
    expect(await granted(store, other)).toBeUndefined()
  })

  test('a grant before the first push stays, whatever else is deleted', async () => {
    const store = await open()
    await organise(store)
    await grant(store, 'repository', other)
    await push(store)
    await remove(store, null)
    expect(await granted(store, other)).toBe('admin')
  })
}

/** To a team, of which mia is a member. */
async function grant(store: MetadataStore, resourceKind: ResourceKind, resource: string): Promise<void> {
  const to = { subject: 'id-builders', subjectKind: 'team', role: 'admin' } as const
  await store.change('setGrant', { ...to, resourceKind, resource })
}

/** What mia has been granted there. */
async function granted(store: MetadataStore, repository: string) {
  const namespace = repository.split('/')[0] ?? ''
  return (await store.accessFacts(question({ user: 'id-mia', repository, namespace }))).granted
}

async function push(store: MetadataStore): Promise<void> {
  await store.change('putManifest', manifest('image'))
  await grant(store, 'repository', app)
  // What follows is later by the database's clock.
  await Bun.sleep(5)
}

async function remove(store: MetadataStore, trash: string | null): Promise<void> {
  const by = { caller: 'tester', immutable: [], limit: 10 }
  await store.change('deleteRepository', { repository: app, trash, ...by })
}

async function restore(store: MetadataStore, id: string, repository: RepositoryName | null): Promise<void> {
  const by = { tag: null, caller: 'tester', immutable: [], grace: hour, limit: 10 }
  await store.change('restoreTrash', { id, repository, ...by })
}
