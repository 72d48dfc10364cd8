import { type Administration, nextOf } from '../access/administration.ts'
import { requireNamespace } from '../access/namespaces.ts'
import type {
  ChangesMetadata,
  EnvelopeVersion,
  NotificationsStore,
  StoredWebhook,
} from '../metadata/metadata-store.ts'
import type { AddressGuard } from '../net/public-addresses.ts'
import { RegistryError } from '../oci/errors.ts'
import { type Attempt, attempt, type Sender } from './attempt.ts'
import { newWebhookSecret } from './signature.ts'
import { placeOf, type WebhookOn, type WebhookSummary, webhookSummary } from './webhook-summary.ts'
import {
  parseActions,
  parseHeaders,
  parsePattern,
  parseSecret,
  parseWebhookName,
  parseWebhookUrl,
} from './webhook-values.ts'

/** What the use cases of webhooks work with. Whether the caller may, is decided before they are called. */
export interface WebhookAdministration {
  readonly metadata: NotificationsStore & ChangesMetadata & Administration['metadata']
  readonly guard: AddressGuard
  readonly sender: Sender
  /** Who asks. */
  readonly caller: string
  /** Milliseconds since 1970. */
  now(): number
  newId(): string
  /** @throws READ_ONLY */
  requireWritable(): Promise<void>
}

export interface WebhookAddress {
  readonly on: WebhookOn
  readonly name: string
}

/** What a webhook is to be like; what is not said is as usual, or as it was. */
export interface WebhookWishes {
  readonly actions?: readonly string[] | undefined
  readonly repositories?: string | undefined
  readonly blobs?: boolean | undefined
  readonly mediaType?: EnvelopeVersion | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly enabled?: boolean | undefined
  readonly secret?: string | undefined
}

/** Of one place: more than anybody can look after. */
const mostWebhooks = 50

/**
 * @returns also its secret, shown this once
 * @throws PARAMETER_INVALID, NAME_TAKEN, NAMESPACE_UNKNOWN
 */
export async function createWebhook(
  administration: WebhookAdministration,
  { on, name, url, ...wishes }: WebhookAddress & WebhookWishes & { url: string },
): Promise<WebhookSummary & { secret: string }> {
  await administration.requireWritable()
  const { metadata, guard, newId, caller } = administration
  if (on.kind === 'namespace') await requireNamespace(administration, on.name)
  const place = placeOf(on)
  const id = newId()
  const { actions = ['push', 'delete'], repositories = '**', headers = {}, blobs = false } = wishes
  const { enabled = true, mediaType = 'v2', secret = newWebhookSecret() } = wishes
  const row = {
    id,
    place,
    name: parseWebhookName(name),
    url: parseWebhookUrl(url, guard),
    secret: parseSecret(secret),
    actions: JSON.stringify(parseActions(actions)),
    repositories: parsePattern(repositories),
    blobs: Number(blobs),
    media_type: mediaType,
    headers: JSON.stringify(parseHeaders(headers)),
    enabled: Number(enabled),
    created_by: caller,
  }
  const there = await metadata.listWebhooks({ place, after: { place: '', name: '' }, limit: mostWebhooks })
  if (there.length >= mostWebhooks)
    throw new RegistryError('PARAMETER_INVALID', `there are ${mostWebhooks} webhooks here: remove some first`)
  await metadata.change('createWebhook', row)
  return { ...(await showWebhook(administration, { on, name })), secret }
}

/** @param page.after the last name on the page before; of all places, with its place in front of it */
export async function listWebhooks(
  { metadata, now }: WebhookAdministration,
  { on, after, limit }: { on: WebhookOn | 'anywhere'; after: string; limit: number },
): Promise<{ webhooks: WebhookSummary[]; next: string | null }> {
  const anywhere = on === 'anywhere'
  const bar = after.lastIndexOf('|')
  const from = anywhere
    ? { place: after.slice(0, Math.max(bar, 0)), name: after.slice(bar + 1) }
    : { place: '', name: after }
  const found = await metadata.listWebhooks({ place: anywhere ? undefined : placeOf(on), after: from, limit })
  return {
    webhooks: found.map((webhook) => webhookSummary(webhook, now())),
    next: nextOf(
      found.map(({ place, name }) => (anywhere ? `${place}|${name}` : name)),
      limit,
    ),
  }
}

/** @throws WEBHOOK_UNKNOWN */
export async function showWebhook(
  administration: WebhookAdministration,
  address: WebhookAddress,
): Promise<WebhookSummary> {
  return webhookSummary(await requireWebhook(administration, address), administration.now())
}

/**
 * @param change.renewSecret makes a new secret, unless one is given; the one before signs beside it for `overlap`
 * milliseconds
 * @returns also the secret where it is new
 * @throws WEBHOOK_UNKNOWN, PARAMETER_INVALID
 */
export async function changeWebhook(
  administration: WebhookAdministration,
  {
    on,
    name,
    ...change
  }: WebhookAddress &
    WebhookWishes & { url?: string | undefined; renewSecret?: boolean | undefined; overlap: number },
): Promise<WebhookSummary & { secret: string | null }> {
  await administration.requireWritable()
  const { metadata, guard } = administration
  const { id } = await requireWebhook(administration, { on, name })
  const { url, actions, repositories, blobs, mediaType, headers, enabled, overlap } = change
  const secret = change.secret ?? (change.renewSecret ? newWebhookSecret() : undefined)
  const changed = await metadata.change('setWebhook', {
    id,
    ...(url !== undefined && { url: parseWebhookUrl(url, guard) }),
    ...(actions !== undefined && { actions: JSON.stringify(parseActions(actions)) }),
    ...(repositories !== undefined && { repositories: parsePattern(repositories) }),
    ...(blobs !== undefined && { blobs: Number(blobs) }),
    ...(mediaType !== undefined && { media_type: mediaType }),
    ...(headers !== undefined && { headers: JSON.stringify(parseHeaders(headers)) }),
    ...(enabled !== undefined && { enabled: Number(enabled) }),
    ...(secret !== undefined && { secret: parseSecret(secret), overlap }),
  })
  if (!changed) throw webhookUnknown(name)
  return { ...(await showWebhook(administration, { on, name })), secret: secret ?? null }
}

/** With everything that is on its way to it. @throws WEBHOOK_UNKNOWN */
export async function removeWebhook(
  administration: WebhookAdministration,
  address: WebhookAddress,
): Promise<{ removed: string }> {
  await administration.requireWritable()
  const { id } = await requireWebhook(administration, address)
  if (!(await administration.metadata.change('deleteWebhook', { id }))) throw webhookUnknown(address.name)
  return { removed: address.name }
}

export type TestedWebhook = Pick<Attempt, 'delivered' | 'status' | 'problem' | 'duration'> & {
  readonly event: string
}

/** Sends an event that never was, `ping`, from here and now; disabled webhooks too. @throws WEBHOOK_UNKNOWN */
export async function testWebhook(
  administration: WebhookAdministration,
  address: WebhookAddress,
): Promise<TestedWebhook> {
  const webhook = await requireWebhook(administration, address)
  const { sender, caller, now, newId } = administration
  const event = newId()
  const { delivered, status, problem, duration } = await attempt(sender, webhook, {
    id: event,
    at: now(),
    action: 'ping',
    repository: address.on.kind === 'repository' ? address.on.name : '',
    target: { kind: 'repository' },
    origin: { caller, kind: 'user', address: null, request: null },
  })
  return { delivered, status, problem, duration, event }
}

/** @throws WEBHOOK_UNKNOWN */
export async function requireWebhook(
  { metadata }: Pick<WebhookAdministration, 'metadata'>,
  { on, name }: WebhookAddress,
): Promise<StoredWebhook> {
  const found = await metadata.findWebhook({ place: placeOf(on), name: parseWebhookName(name) })
  if (!found) throw webhookUnknown(name)
  return found
}

function webhookUnknown(name: string): RegistryError {
  return new RegistryError('WEBHOOK_UNKNOWN', `there is no webhook ${name} here`, { detail: { name } })
}
