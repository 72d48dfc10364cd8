import type { EnvelopeVersion, NotifiedAction } from '../metadata/metadata-store.ts'
import type { AddressGuard } from '../net/public-addresses.ts'
import { RegistryError } from '../oci/errors.ts'
import { isWebhookSecret } from './signature.ts'

/** What people say of a webhook, read once; below nobody checks it again. Each throws PARAMETER_INVALID. */

export const notifiedActions = ['push', 'pull', 'mount', 'delete'] as const satisfies NotifiedAction[]
export const envelopeVersions = ['v1', 'v2'] as const satisfies EnvelopeVersion[]

const longestName = 64
const longestUrl = 2000
const longestPattern = 255
const mostHeaders = 20
const longestHeader = 4000

export function parseWebhookName(text: string): string {
  if (text.length <= longestName && /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(text)) return text
  throw invalid(
    `a webhook’s name has lower-case letters and digits, with single dots, dashes or underscores between, and at most ${longestName} of them`,
    { name: text.slice(0, 100) },
  )
}

/** An address that is named itself must be one that may be reached; what a name leads to is looked at each time. */
export function parseWebhookUrl(text: string, guard: AddressGuard): string {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || text.length > longestUrl || /\s|\0/.test(text))
    throw invalid('a webhook’s URL is one such as https://ci.example.com/hook, with http or https')
  if (url.hash !== '') throw invalid('a webhook’s URL has no # and nothing behind it')
  if (!isDecodable(`${url.username}${url.password}`))
    throw invalid('the user and password in a webhook’s URL are percent-encoded: a % in them is written %25')
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const why = guard.refusal(host)
  if (why !== undefined && why !== noAddress)
    throw invalid(
      `${host} may not be reached: ${why}; the setting notifications.allow-private lists what may be all the same`,
    )
  return url.href
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** What the guard says of a name. */
const noAddress = 'it is no address'

export function parseActions(texts: readonly string[]): readonly NotifiedAction[] {
  const wrong = texts.find((text) => !notifiedActions.some((action) => action === text))
  if (wrong !== undefined || texts.length === 0)
    throw invalid(`a webhook hears of one or more of ${notifiedActions.join(', ')}`)
  return notifiedActions.filter((action) => texts.includes(action))
}

/** A glob, of the same form as those of `tags.immutable`: `*` within a part of a name, `**` across parts. */
export function parsePattern(text: string): string {
  if (text.length <= longestPattern && /^[a-z0-9._/*?-]+$/.test(text)) return text
  throw invalid('a pattern of repositories is one such as team/** or **/app')
}

/** The registry's own, and what says how long the request is, nobody sets. */
const ownHeaders =
  /^(?:content-type|content-length|transfer-encoding|connection|host|user-agent|webhook-.*)$/i

export function parseHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(headers)
  if (entries.length > mostHeaders) throw invalid(`a webhook has at most ${mostHeaders} headers of its own`)
  for (const [name, value] of entries) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name))
      throw invalid(`${JSON.stringify(name.slice(0, 100))} is no name of a header`)
    if (ownHeaders.test(name)) throw invalid(`the header ${name} is the registry’s own`)
    if (value.length > longestHeader || !/^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/.test(value))
      throw invalid(`the value of the header ${name} must be plain ASCII, without a space at either end`)
  }
  return headers
}

export function parseSecret(text: string): string {
  if (isWebhookSecret(text)) return text
  throw invalid(
    'a webhook’s secret is whsec_ and 24 to 64 bytes in base64, as "whsec_$(openssl rand -base64 32)" makes one; without one the registry makes it',
  )
}

function invalid(message: string, detail?: unknown): RegistryError {
  return new RegistryError('PARAMETER_INVALID', message, detail === undefined ? {} : { detail })
}
