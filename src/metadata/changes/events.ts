import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { ChangeArguments, ChangeName, ChangeResult } from './changes.ts'
import { readOnlyKey } from './while-read-only.ts'

/** What somebody did, as far as a change knows it: for those who keep a record, and those who tell others. */
export interface ChangeEvent {
  readonly action: EventAction
  readonly repository?: RepositoryName
  readonly digest?: Digest
  /** What it was done to where that is no repository: an account's id, or a namespace's name. */
  readonly subject?: string
  /** Never a secret, nor a hash of one. */
  readonly detail?: Readonly<Record<string, EventValue>>
}

export type EventValue = string | number | boolean | null | readonly string[]

export type EventAction =
  | `blob:${'push' | 'mount' | 'delete'}`
  | `manifest:${'push' | 'delete'}`
  | `tag:${'set' | 'delete' | 'retire'}`
  | `repository:${'delete' | 'visibility'}`
  | `trash:${'restore' | 'empty'}`
  | `user:${'create' | 'set' | 'password' | 'delete'}`
  | `organisation:${'create' | 'member' | 'delete'}`
  | `team:${'create' | 'member' | 'delete'}`
  | `robot:${'create' | 'set' | 'delete'}`
  | `token:${'create' | 'delete'}`
  | `trust:${'create' | 'delete'}`
  | `invitation:${'create' | 'delete'}`
  | `signing-key:${'create' | 'retire' | 'delete'}`
  | `namespace:${'set'}`
  | `grant:${'set' | 'remove'}`
  | `quota:${'set'}`
  | `registry:${'close' | 'read-only'}`
  | `audit:${'trim'}`
  | `webhook:${'create' | 'set' | 'pause' | 'delete' | 'redeliver'}`

type Tell<N extends ChangeName> = (
  args: ChangeArguments<N>,
  result: ChangeResult<N>,
) => ChangeEvent | undefined

/** Nobody's deed: it notes how things are, is a step of something that is told at its end, or the collector's work. */
const untold = () => undefined

const tellings: { readonly [N in ChangeName]: Tell<N> } = {
  // Uploads are told of when they are blobs.
  appendUpload: untold,
  cancelUpload: untold,
  expireUploads: untold,
  leaseUpload: untold,
  openUpload: untold,
  renewUpload: untold,
  reserveUpload: untold,
  commitUpload: ({ repository, digest, size }) => ({
    action: 'blob:push',
    repository,
    digest,
    detail: { size },
  }),
  mountBlob: ({ repository, digest, from }, done) =>
    done ? { action: 'blob:mount', repository, digest, detail: { from } } : undefined,
  unlinkBlob: ({ repository, digest }, done) =>
    done ? { action: 'blob:delete', repository, digest } : undefined,

  putManifest: ({ repository, digest, mediaType, bytes, tags }) => ({
    action: 'manifest:push',
    repository,
    digest,
    detail: { mediaType, size: bytes.length, tags },
  }),
  deleteManifest: ({ repository, digest, trash }, tags) =>
    tags ? { action: 'manifest:delete', repository, digest, detail: { tags, trash } } : undefined,
  putTag: ({ repository, digest, tag }, done) =>
    done ? { action: 'tag:set', repository, digest, detail: { tags: [tag] } } : undefined,
  deleteTag: ({ repository, tag, trash }, done) =>
    done ? { action: 'tag:delete', repository, detail: { tags: [tag], trash } } : undefined,
  retireTags: ({ repository, digest, tags }, done) =>
    done.tags > 0
      ? {
          action: 'tag:retire',
          repository,
          digest,
          detail: { tags: tags.map(({ tag }) => tag), manifest: done.manifest },
        }
      : undefined,
  deleteRepository: ({ repository, trash }, { manifests, tags, more }) =>
    manifests > 0
      ? { action: 'repository:delete', repository, detail: { manifests, tags, trash, more } }
      : undefined,
  restoreTrash: ({ id }, { repository, manifests, tags }) => ({
    action: 'trash:restore',
    repository,
    detail: { trash: id, manifests, tags: tags },
  }),
  emptyTrash: ({ id }, more) => (more ? undefined : { action: 'trash:empty', detail: { trash: id } }),
  setVisibility: ({ repository, visibility }, done) =>
    done ? { action: 'repository:visibility', repository, detail: { visibility } } : undefined,

  createUser: ({ id, name, admin }, { closed }) => ({
    action: 'user:create',
    subject: id,
    detail: { name, admin, closed },
  }),
  setUser: ({ id, email, admin, disabled }, done) =>
    done ? { action: 'user:set', subject: id, detail: given({ email, admin, disabled }) } : undefined,
  setPassword: ({ id }, done) => (done ? { action: 'user:password', subject: id } : undefined),
  rehashPassword: untold,
  admitOutsider: ({ issuer, login }, { id, name, admin, disabled, created, changed, joined, left }) => {
    if (created) return { action: 'user:create', subject: id, detail: { name, admin, issuer, login, joined } }
    return changed || joined.length + left.length > 0
      ? { action: 'user:set', subject: id, detail: { admin, disabled, issuer, joined, left } }
      : undefined
  },
  withdrawOutsider: ({ issuer }, account) =>
    account === undefined
      ? undefined
      : { action: 'user:set', subject: account, detail: { disabled: true, issuer } },
  deleteUser: ({ id }, done) => (done ? { action: 'user:delete', subject: id } : undefined),

  createOrganisation: ({ id, name, owner }) => ({
    action: 'organisation:create',
    subject: id,
    detail: { name, owner },
  }),
  setMember: ({ organisation, user, role }, done) =>
    done ? { action: 'organisation:member', subject: organisation, detail: { user, role } } : undefined,
  deleteOrganisation: ({ id }, done) => (done ? { action: 'organisation:delete', subject: id } : undefined),
  createTeam: ({ id, organisation, name }) => ({
    action: 'team:create',
    subject: id,
    detail: { name, organisation },
  }),
  setTeamMember: ({ team, user, member }, done) =>
    done ? { action: 'team:member', subject: team, detail: { user, member } } : undefined,
  deleteTeam: ({ id }, done) => (done ? { action: 'team:delete', subject: id } : undefined),
  createRobot: ({ id, organisation, name }) => ({
    action: 'robot:create',
    subject: id,
    detail: { name, organisation },
  }),
  setRobot: ({ id, disabled }, done) =>
    done ? { action: 'robot:set', subject: id, detail: { disabled } } : undefined,
  deleteRobot: ({ id }, done) => (done ? { action: 'robot:delete', subject: id } : undefined),

  addRobotTrust: ({ id, robot, issuer, audience, claims, scopes }, done) =>
    done
      ? { action: 'trust:create', subject: id, detail: { robot, issuer, audience, claims, scopes } }
      : undefined,
  removeRobotTrust: ({ id }, done) => (done ? { action: 'trust:delete', subject: id } : undefined),
  redeemWorkloadToken: ({ given: { id, owner, name, scopes, trust, expires_at: expiresAt } }, outcome) =>
    outcome === 'given'
      ? { action: 'token:create', subject: id, detail: { owner, name, scopes, trust, expiresAt } }
      : undefined,
  expireWorkloadTokens: untold,

  createAccessToken: ({ id, owner, name, scopes, addresses, expires_at: expiresAt }) => ({
    action: 'token:create',
    subject: id,
    detail: { owner, name, scopes, addresses, expiresAt },
  }),
  deleteAccessToken: ({ id }, done) => (done ? { action: 'token:delete', subject: id } : undefined),
  noteTokenUses: untold,
  // Refresh tokens come and go with each sign-in.
  putRefreshToken: untold,
  deleteRefreshToken: untold,
  expireRefreshTokens: untold,
  createInvitation: ({ id, email, organisation, expires_at: expiresAt }) => ({
    action: 'invitation:create',
    subject: id,
    detail: { email, organisation, expiresAt },
  }),
  deleteInvitation: ({ id }, done) => (done ? { action: 'invitation:delete', subject: id } : undefined),
  putSigningKey: ({ kid, algorithm }, done) =>
    done ? { action: 'signing-key:create', subject: kid, detail: { algorithm } } : undefined,
  retireSigningKeys: ({ except }, count) =>
    count > 0 ? { action: 'signing-key:retire', detail: { except, count } } : undefined,
  deleteSigningKey: ({ kid }, done) => (done ? { action: 'signing-key:delete', subject: kid } : undefined),

  setNamespace: ({ name, owner, defaultVisibility }) => ({
    action: 'namespace:set',
    subject: name,
    detail: given({ ownerKind: owner?.kind, owner: owner?.id, defaultVisibility }),
  }),
  setGrant: ({ subject, subjectKind, resource, resourceKind, role }, done) =>
    done
      ? {
          action: role === null ? 'grant:remove' : 'grant:set',
          subject,
          detail: { subjectKind, resource, resourceKind, role },
        }
      : undefined,
  setQuota: ({ namespace, bytes, repositories }) => ({
    action: 'quota:set',
    subject: namespace,
    detail: given({ bytes, repositories }),
  }),
  closeRegistry: ({ why }, done) => (done ? { action: 'registry:close', detail: { why } } : undefined),
  setState: ({ key, value }) =>
    key === readOnlyKey ? { action: 'registry:read-only', detail: { on: value !== null } } : undefined,

  trimAudit: (_, done) => (done ? { action: 'audit:trim', detail: { ...done } } : undefined),
  createWebhook: ({ id, place, name, url }) => ({
    action: 'webhook:create',
    subject: id,
    detail: { place, name, host: new URL(url).host },
  }),
  setWebhook: ({ id, url, enabled, secret, ...given }, done) =>
    done
      ? {
          action: 'webhook:set',
          subject: id,
          detail: {
            ...(url !== undefined && { host: new URL(url).host }),
            ...(enabled !== undefined && { enabled: enabled === 1 }),
            ...(secret !== undefined && { secret: 'new' }),
            changed: Object.keys(given),
          },
        }
      : undefined,
  pauseWebhook: ({ id, why }, done) =>
    done ? { action: 'webhook:pause', subject: id, detail: { why } } : undefined,
  deleteWebhook: ({ id }, done) => (done ? { action: 'webhook:delete', subject: id } : undefined),
  redeliver: ({ id, webhook }, done) =>
    done ? { action: 'webhook:redeliver', subject: webhook, detail: { delivery: id } } : undefined,
  // What the sender notes of its attempts.
  claimDeliveries: untold,
  endAttempt: untold,
  tidyDeliveries: untold,
  tellPulls: untold,

  checkManifest: untold,
  collect: untold,
  confirmBlob: untold,
  confirmManifest: untold,
  doomUnknown: untold,
  endTurn: untold,
  forgetDoomed: untold,
  holdObjects: untold,
  offerSetupCode: untold,
  quarantineBlob: untold,
  recordAudit: untold,
  recordPulls: untold,
  recordRun: untold,
  recount: untold,
  releaseBlob: untold,
  releaseObjects: untold,
  renewTurn: untold,
  takeTurn: untold,
  // Limits: a sign-in is told where it is answered.
  beginSignIn: untold,
  endSignIn: untold,
  expireRates: untold,
  sharePulls: untold,
}

/** What is to be told of a change that took place; undefined: nothing. */
export function eventOf<N extends ChangeName>(
  name: N,
  args: ChangeArguments<N>,
  result: ChangeResult<N>,
): ChangeEvent | undefined {
  return tellings[name](args, result)
}

/** Without what was not said. */
function given(values: Readonly<Record<string, EventValue | undefined>>): Record<string, EventValue> {
  return Object.fromEntries(
    Object.entries(values).filter((each): each is [string, EventValue] => each[1] !== undefined),
  )
}
