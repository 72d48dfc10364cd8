import { readFile } from 'node:fs/promises'
import type { Webhook, WebhookOn, WebhookWishes } from '../../client/webhook-management.ts'
import { UsageError } from '../command.ts'
import { columns } from '../output/columns.ts'
import { dayText } from '../output/units.ts'
import { resourceOf } from './names.ts'

/** Where a webhook is: the flag of every command about webhooks. */
export const onFlag = { on: { type: 'string' } } as const
export const onHelp: [string, string] = [
  '--on',
  'the repository or namespace whose events it hears, such as team/app or team; without it those of the whole registry',
]

/** @throws UsageError */
export function onOf({ on }: { on?: string | undefined }): WebhookOn {
  return on === undefined ? { kind: 'registry' } : resourceOf(on)
}

export const wishFlags = {
  action: { type: 'string', multiple: true },
  repositories: { type: 'string' },
  header: { type: 'string', multiple: true },
  'media-type': { type: 'string' },
  'secret-file': { type: 'string' },
} as const

export const wishHelp: readonly [string, string][] = [
  ['--action', 'what it hears of: push, pull, mount or delete; may be repeated [push, delete]'],
  ['--repositories', 'a pattern: of the repositories there, those that it hears of, such as team/**'],
  [
    '--header',
    'a header of its requests, such as "Authorization: Bearer …"; may be repeated, and @FILE reads one from a file. It is never shown again',
  ],
  ['--media-type', 'v2 as distribution 3 sends it, or v1 as those before [v2]'],
  ['--secret-file', 'a file with the secret that signs its requests; without one the registry makes it'],
]

interface WishValues {
  readonly action?: readonly string[] | undefined
  readonly repositories?: string | undefined
  readonly header?: readonly string[] | undefined
  readonly 'media-type'?: string | undefined
  readonly 'secret-file'?: string | undefined
}

/** What the flags ask for. @throws UsageError */
export async function wishesOf(values: WishValues): Promise<WebhookWishes> {
  const { action, repositories, header, 'media-type': mediaType, 'secret-file': secretFile } = values
  if (mediaType !== undefined && mediaType !== 'v1' && mediaType !== 'v2')
    throw new UsageError(`--media-type is v1 or v2, not ${JSON.stringify(mediaType)}`)
  return {
    ...(action && { actions: action.flatMap((text) => text.split(',').filter((part) => part !== '')) }),
    ...(repositories !== undefined && { repositories }),
    ...(header && { headers: await headersOf(header) }),
    ...(mediaType !== undefined && { mediaType }),
    ...(secretFile !== undefined && { secret: await readText(secretFile) }),
  }
}

async function headersOf(texts: readonly string[]): Promise<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const given of texts) {
    const text = given.startsWith('@') ? await readText(given.slice(1)) : given
    const colon = text.indexOf(':')
    if (colon <= 0) throw new UsageError('--header is NAME: VALUE, such as "Authorization: Bearer token"')
    headers[text.slice(0, colon).trim()] = text.slice(colon + 1).trim()
  }
  return headers
}

async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new UsageError(`${path} can't be read: ${(error as Error).message}`)
  }
}

/** Where it is, as the flags say it. */
export function placeText({ kind, name }: Webhook['on']): string {
  return kind === 'registry' ? 'the registry' : `${name}${kind === 'namespace' ? '/**' : ''}`
}

export function stateText({ enabled, paused, failingSince }: Webhook): string {
  if (paused !== null) return `paused: ${paused}`
  if (!enabled) return 'disabled'
  return failingSince === null ? 'enabled' : `failing since ${dayText(failingSince)}`
}

export function webhookText(webhook: Webhook): string {
  const { name, on, url, actions, repositories, blobs, mediaType, headers, oldSecretUntil } = webhook
  const rows: [string, string][] = [
    ['name', name],
    ['on', placeText(on)],
    ['url', url],
    ['hears of', `${actions.join(', ')}${blobs ? ', of blobs too' : ''}`],
    ['repositories', repositories],
    ['envelope', mediaType],
    ['headers', headers.length === 0 ? 'none of its own' : headers.join(', ')],
    ['state', stateText(webhook)],
    ...(oldSecretUntil === null ? [] : [['old secret', `signs until ${oldSecretUntil}`] as [string, string]]),
    ['made', `${dayText(webhook.createdAt)} by ${webhook.createdBy}`],
  ]
  return `${columns(rows)}\n`
}

export function secretText(secret: string): string {
  return `
  ${secret}

This secret signs its requests, and is shown this once: give it to the receiver.
`
}
