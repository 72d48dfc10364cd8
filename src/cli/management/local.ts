import type { Administration } from '../../access/administration.ts'
import { createDecide, type Decide } from '../../access/decide.ts'
import type { Directory } from '../../access/directories/directory.ts'
import { openDirectories } from '../../access/directories/open-directories.ts'
import { operatorName } from '../../access/operator-name.ts'
import type { Switches } from '../../access/policy.ts'
import { createPasswordHasher } from '../../access/sign-in/password-hashes.ts'
import type { ManagesAccess } from '../../client/access-management.ts'
import type { ManagesAudit } from '../../client/audit-management.ts'
import type { Management } from '../../client/management.ts'
import type { ManagesQuotas } from '../../client/quota-management.ts'
import type { ManagesWebhooks } from '../../client/webhook-management.ts'
import type { Settings } from '../../config/settings.ts'
import { type NotificationRules, notifyingWith, usualNotificationRules } from '../../notifying.ts'
import { deleteManifest } from '../../registry/manifests.ts'
import { parseMoment } from '../../registry/moment.ts'
import { readOnlyStatus, requireWritable, switchReadOnly } from '../../registry/read-only.ts'
import { rulesOnRecord } from '../../registry/recorded-rules.ts'
import type { ManagedRegistry, Registry, Rules } from '../../registry/registry.ts'
import { deleteRepository, listRepositorySummaries, showRepository } from '../../registry/repositories.ts'
import { listTagSummaries, resolveTag, restoreTag, tagHistory } from '../../registry/tags.ts'
import { emptyAllTrash, emptyTrash, listTrash, restoreTrash } from '../../registry/trash.ts'
import { rulesOf, switchesOf } from '../../rules.ts'
import { openExistingStores, openStoresToBegin } from '../../stores.ts'
import { CommandError } from '../command.ts'
import { localAccess } from './local-access.ts'
import { localAudit } from './local-audit.ts'
import { localQuotas } from './local-quotas.ts'
import { localWebhooks } from './local-webhooks.ts'

/**
 * Management of the stores themselves, beside servers that may run: what is done holds there at once.
 * @param options.begins whether the command may be the first on stores that servers do not begin without an account
 * @throws DataDirectoryError, CommandError
 */
export async function openLocalManagement(
  settings: Settings,
  { begins = false }: { begins?: boolean } = {},
): Promise<Management> {
  // Asked before the process becomes the user that owns the data.
  const caller = operatorName()
  const stores = await (begins ? openStoresToBegin(settings) : openExistingStores(settings))
  try {
    const { metadata, places } = stores
    const recorded =
      (await rulesOnRecord<Recorded>(metadata)) ??
      (begins ? { rules: rulesOf(settings), switches: switchesOf(settings) } : undefined)
    if (!recorded) {
      throw new CommandError(
        `no server has run on ${places.metadata} yet: start \`berth serve\` with the same settings once, so that its rules are known`,
      )
    }
    const { rules } = recorded
    const registry = { metadata, rules, now: () => Date.now(), newTrashId: () => Bun.randomUUIDv7() }
    const administration = administrationOf(stores, registry, recorded.switches ?? defaultSwitches)
    const { now } = registry
    const notifying = notifyingWith(recorded.notifications ?? usualNotificationRules, { port: 0, now })
    return {
      ...managementOf(registry, caller),
      ...localAccess(administration, { caller, directories: () => directoriesOf(settings) }),
      ...localAudit(registry, caller),
      ...localQuotas(registry),
      ...localWebhooks({ ...administration, ...notifying, metadata, caller }),
      [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
    }
  } catch (error) {
    await stores[Symbol.asyncDispose]()
    throw error
  }
}

function directoriesOf({ ldap }: Settings): Promise<readonly Directory[]> {
  const silent = { info: () => undefined, warn: () => undefined }
  return openDirectories({ places: ldap, now: () => Date.now(), log: silent })
}

/** What servers put on record. */
interface Recorded {
  readonly rules: Rules
  readonly switches?: Switches
  readonly notifications?: NotificationRules
}

const defaultSwitches: Switches = { anonymous: true, registration: 'off' }

function administrationOf(
  { metadata, blobs }: Pick<Registry, 'metadata' | 'blobs'>,
  registry: ManagedRegistry,
  switches: Switches,
): Administration & { decide: Decide } {
  return {
    metadata,
    decide: createDecide({ metadata, switches, now: registry.now }),
    hasher: createPasswordHasher(),
    registration: switches.registration,
    now: registry.now,
    newId: () => crypto.randomUUID(),
    markClosed: async () => blobs.markClosed?.(),
    requireWritable: () => requireWritable(registry),
  }
}

function managementOf(
  registry: ManagedRegistry,
  caller: string,
): Omit<
  Management,
  typeof Symbol.asyncDispose | keyof (ManagesAccess & ManagesAudit & ManagesQuotas & ManagesWebhooks)
> {
  const moment = (text: string) => parseMoment(text, { now: registry.now() })
  const momentOrNow = (text: string | undefined) => (text === undefined ? undefined : moment(text))
  return {
    listRepositories: (page) => listRepositorySummaries(registry, page),
    showRepository: (of) => showRepository(registry, of),
    deleteRepository: (deletion) => deleteRepository(registry, { ...deletion, caller }),
    async deleteManifest({ digest, ...deletion }) {
      const reference = { by: 'digest', digest } as const
      return { trash: await deleteManifest(registry, { ...deletion, reference, caller }) }
    },

    listTags: (page) => listTagSummaries(registry, page),
    async deleteTag({ tag, ...deletion }) {
      const reference = { by: 'tag', tag } as const
      return { trash: await deleteManifest(registry, { ...deletion, reference, caller }) }
    },
    tagHistory: (of) => tagHistory(registry, of),
    resolveTag: async ({ at, ...of }) => resolveTag(registry, { ...of, at: momentOrNow(at) }),
    async restoreTag({ digest, at, ...of }) {
      const to = digest ? { digest } : at === undefined ? undefined : { at: moment(at) }
      return restoreTag(registry, { ...of, to, caller })
    },

    listTrash: (page) => listTrash(registry, page),
    restoreTrash: ({ id, repository, tag }) => restoreTrash(registry, { id, repository, tag, caller }),
    emptyTrash: (one) => emptyTrash(registry, one),
    emptyAllTrash: (of) => emptyAllTrash(registry, of),

    readOnlyStatus: () => readOnlyStatus(registry),
    switchReadOnly: (to) => switchReadOnly(registry, { ...to, caller }),
  }
}
