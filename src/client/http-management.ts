import type { Digest } from '../oci/digest.ts'
import type { AuditFilter } from './audit-management.ts'
import { accessManagement } from './http-access-management.ts'
import { quotaManagement } from './http-quota-management.ts'
import type { Deletion, InRepository, Management, Page, TagAddress } from './management.ts'
import { type RemoteOptions, remote } from './remote.ts'
import { webhookManagement } from './webhook-management.ts'

/** A registry's management API, seen from a client. */
export function connectManagement(options: RemoteOptions): Management {
  const registry = remote(options)
  const { request } = registry
  const repository = ({ repository }: InRepository) =>
    `/api/v1/repositories/${encodeURIComponent(repository)}`
  const tag = (of: TagAddress) => `${repository(of)}/tags/${of.tag}`
  const purged = ({ purge }: Deletion) => (purge ? { purge: 'true' } : {})
  const paged = ({ after, limit }: Page) => ({ ...(after ? { after } : {}), limit: String(limit) })
  return {
    listRepositories: (page) => request('GET', '/api/v1/repositories', { query: paged(page) }),
    showRepository: (of) => request('GET', repository(of)),
    deleteRepository: (deletion) => request('DELETE', repository(deletion), { query: purged(deletion) }),
    deleteManifest: (deletion: Deletion & { digest: Digest }) =>
      request('DELETE', `${repository(deletion)}/manifests/${deletion.digest}`, { query: purged(deletion) }),

    listTags: (page) => request('GET', `${repository(page)}/tags`, { query: paged(page) }),
    deleteTag: (deletion) => request('DELETE', tag(deletion), { query: purged(deletion) }),
    tagHistory: ({ limit, ...of }) =>
      request('GET', `${tag(of)}/history`, { query: { limit: String(limit) } }),
    resolveTag: ({ at, ...of }) => request('GET', tag(of), { query: at === undefined ? {} : { at } }),
    restoreTag: ({ digest, at, ...of }) => request('POST', `${tag(of)}/restore`, { body: { digest, at } }),

    listTrash: ({ repository: within, ...page }) =>
      request('GET', '/api/v1/trash', {
        query: { ...paged(page), ...(within ? { repository: within } : {}) },
      }),
    restoreTrash: ({ id, ...to }) =>
      request('POST', `/api/v1/trash/${encodeURIComponent(id)}/restore`, { body: to }),
    emptyTrash: ({ id }) => request('DELETE', `/api/v1/trash/${encodeURIComponent(id)}`),
    emptyAllTrash: ({ repository: within }) =>
      request('DELETE', '/api/v1/trash', { query: within ? { repository: within } : {} }),

    readOnlyStatus: () => request('GET', '/api/v1/read-only'),
    switchReadOnly: (to) => request('PUT', '/api/v1/read-only', { body: to }),

    listAudit: ({ after, limit, ...filter }) =>
      request('GET', '/api/v1/audit', { query: { ...paged({ after, limit }), ...given(filter) } }),
    verifyAudit: (by) => request('POST', '/api/v1/audit/verify', { body: by }),
    auditAnchor: () => request('GET', '/api/v1/audit/anchor'),

    ...accessManagement(registry),
    ...quotaManagement(registry),
    ...webhookManagement(registry),

    async [Symbol.asyncDispose]() {},
  }
}

function given(filter: AuditFilter): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filter).filter((each): each is [string, string] => each[1] !== undefined),
  )
}
