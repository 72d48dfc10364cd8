import type { ManagesQuotas } from './quota-management.ts'
import type { Remote } from './remote.ts'

/** The part of a registry's management API that is about quotas, seen from a client. */
export function quotaManagement({ request }: Remote): ManagesQuotas {
  const path = (namespace: string) => `/api/v1/namespaces/${encodeURIComponent(namespace)}/quota`
  return {
    listQuotas: ({ after, limit }) =>
      request('GET', '/api/v1/quotas', { query: { ...(after ? { after } : {}), limit: String(limit) } }),
    showQuota: ({ namespace }) => request('GET', path(namespace)),
    setQuota: ({ namespace, ...limits }) => request('PUT', path(namespace), { body: limits }),
  }
}
