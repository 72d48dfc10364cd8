import type { Administration } from '../../access/administration.ts'
import { parseNamespaceName } from '../../access/names.ts'
import type { ManagesWebhooks, WebhookOn as WrittenOn } from '../../client/webhook-management.ts'
import { listDeliveries, redeliver } from '../../notifications/deliveries.ts'
import type { WebhookOn } from '../../notifications/webhook-summary.ts'
import {
  changeWebhook,
  createWebhook,
  listWebhooks,
  removeWebhook,
  showWebhook,
  testWebhook,
  type WebhookAdministration,
} from '../../notifications/webhooks.ts'
import { parseRepositoryName } from '../../oci/repository-name.ts'

/** Webhooks of the stores themselves: whoever has the disk may make and change all of them. */
export function localWebhooks(
  administration: Administration & Pick<WebhookAdministration, 'metadata' | 'guard' | 'sender' | 'caller'>,
): ManagesWebhooks {
  return {
    createWebhook: async ({ on, ...webhook }) =>
      createWebhook(administration, { ...webhook, on: parsed(on) }),
    listWebhooks: async ({ on, ...page }) =>
      listWebhooks(administration, { ...page, on: on === 'anywhere' ? on : parsed(on) }),
    showWebhook: async ({ on, name }) => showWebhook(administration, { on: parsed(on), name }),
    changeWebhook: async ({ on, ...change }) => changeWebhook(administration, { ...change, on: parsed(on) }),
    removeWebhook: async ({ on, name }) => removeWebhook(administration, { on: parsed(on), name }),
    testWebhook: async ({ on, name }) => testWebhook(administration, { on: parsed(on), name }),
    listDeliveries: async ({ on, ...page }) => listDeliveries(administration, { ...page, on: parsed(on) }),
    redeliver: async ({ on, ...of }) => redeliver(administration, { ...of, on: parsed(on) }),
  }
}

/** @throws NAME_INVALID */
function parsed(on: WrittenOn): WebhookOn {
  switch (on.kind) {
    case 'registry':
      return { kind: 'registry' }
    case 'namespace':
      return { kind: 'namespace', name: parseNamespaceName(on.name) }
    case 'repository':
      return { kind: 'repository', name: parseRepositoryName(on.name) }
  }
}
