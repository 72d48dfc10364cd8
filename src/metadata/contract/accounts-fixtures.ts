import type { NewUser } from '../changes/users.ts'
import type { AccessQuestion, MetadataStore } from '../metadata-store.ts'

/** A user to make; his id is his name's. */
export function user(name: string, changed: Partial<NewUser> = {}): NewUser {
  return {
    id: `id-${name}`,
    name,
    email: null,
    passwordHash: `hash of ${name}`,
    admin: false,
    first: false,
    invitation: null,
    ...changed,
  }
}

export function question(changed: Partial<AccessQuestion>): AccessQuestion {
  return {
    user: '',
    robot: '',
    accessToken: '',
    repository: '',
    namespace: '',
    organisation: '',
    ...changed,
  }
}

/** An organisation with an owner, a member, and a team that the member is in. */
export async function organise(store: MetadataStore): Promise<void> {
  for (const name of ['olga', 'mia']) await store.change('createUser', user(name))
  await store.change('createOrganisation', { id: 'id-acme', name: 'acme', owner: 'id-olga' })
  await store.change('setMember', { organisation: 'id-acme', user: 'id-mia', role: 'member' })
  await store.change('createTeam', { id: 'id-builders', organisation: 'id-acme', name: 'builders' })
  await store.change('setTeamMember', { team: 'id-builders', user: 'id-mia', member: true })
}

export function accessToken(changed: Partial<Parameters<typeof asToken>[0]> = {}) {
  return asToken({
    id: 'id-token',
    owner_kind: 'user',
    owner: 'id-alice',
    name: 'ci',
    hash: 'hash of a token',
    scopes: null,
    addresses: null,
    expires_at: null,
    ...changed,
  })
}

function asToken(token: {
  id: string
  owner_kind: 'user' | 'robot'
  owner: string
  name: string
  hash: string
  scopes: string | null
  addresses: string | null
  expires_at: number | null
}) {
  return token
}
