import { parseAccountName } from '../../access/account-name.ts'
import type { ManagesQuotas } from '../../client/quota-management.ts'
import { listQuotas, setQuota, showQuota } from '../../registry/quotas.ts'
import type { ManagedRegistry } from '../../registry/registry.ts'

/** Quotas on the data itself. */
export function localQuotas(registry: ManagedRegistry): ManagesQuotas {
  return {
    listQuotas: (page) => listQuotas(registry, page),
    showQuota: async ({ namespace }) => showQuota(registry, { namespace: parseAccountName(namespace) }),
    setQuota: async (change) =>
      setQuota(registry, { ...change, namespace: parseAccountName(change.namespace) }),
  }
}
