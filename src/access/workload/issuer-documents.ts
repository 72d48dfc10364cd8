import type { JSONWebKeySet, JWK } from 'jose'
import { type FindAddresses, OutboundFailure, requestOutbound } from '../../net/outbound-request.ts'
import { guardAddresses } from '../../net/public-addresses.ts'

/** Asks issuers for the keys that they sign with. */
export type FetchKeys = (issuer: string) => Promise<JSONWebKeySet>

/** Why an issuer's keys can't be had, in words for who set the job up. */
export class IssuerFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'IssuerFailure'
  }
}

export interface FetchKeysOptions {
  /** Issuers that may lie at private addresses and speak plain HTTP: the operator names them. */
  readonly privateIssuers: readonly string[]
  /** Undefined: as the system finds them. */
  readonly find?: FindAddresses
}

/** Milliseconds for each of the two documents. */
const patience = 5000
/** Bytes. */
const largestDocument = 64 * 1024
const mostKeys = 100

/**
 * Keys as OpenID Connect Discovery says where they are. Who makes a trust names the issuer, so that only what the internet
 * routes is asked, over HTTPS, and no redirect is followed.
 */
export function fetchIssuerKeys({ privateIssuers, find }: FetchKeysOptions): FetchKeys {
  const everywhere = guardAddresses(['0.0.0.0/0', '::/0'])
  const outside = guardAddresses([])
  const ask = async (address: string, near: URL | undefined) => {
    const url = parseUrl(address)
    // What a listed issuer's document names elsewhere is a stranger's again.
    const isNear = near !== undefined && url.host === near.host
    if (url.protocol !== 'https:' && !isNear)
      throw new IssuerFailure(`${url.origin} is not asked: only HTTPS is spoken to issuers`)
    return fetchDocument(url, { guard: isNear ? everywhere : outside, find })
  }
  return async (issuer) => {
    const near = privateIssuers.includes(issuer) ? parseUrl(issuer) : undefined
    const about = await ask(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, near)
    if (about.issuer !== issuer)
      throw new IssuerFailure(`what answers there calls itself ${shown(about.issuer)}`)
    if (typeof about.jwks_uri !== 'string')
      throw new IssuerFailure('its configuration names no keys (jwks_uri)')
    const { keys } = await ask(about.jwks_uri, near)
    if (!Array.isArray(keys) || keys.length > mostKeys)
      throw new IssuerFailure(`what lies at ${shown(about.jwks_uri)} is no set of keys`)
    return { keys: keys.filter(isPublicKey) }
  }
}

async function fetchDocument(
  url: URL,
  options: Parameters<typeof requestOutbound>[0],
): Promise<Record<string, unknown>> {
  try {
    const { status, body, cut } = await requestOutbound(options, {
      url,
      method: 'GET',
      headers: { Accept: 'application/json', 'User-Agent': 'berth' },
      timeout: patience,
      mostBytes: largestDocument,
    })
    if (status !== 200) throw new IssuerFailure(`${url.href} answered ${status}`)
    if (cut) throw new IssuerFailure(`${url.href} answered more than ${largestDocument} bytes`)
    const document: unknown = JSON.parse(new TextDecoder().decode(body))
    if (typeof document === 'object' && document !== null) return document as Record<string, unknown>
    throw new IssuerFailure(`${url.href} answered no JSON object`)
  } catch (error) {
    if (error instanceof OutboundFailure) throw new IssuerFailure(`${url.href}: ${error.message}`, error)
    if (error instanceof SyntaxError) throw new IssuerFailure(`${url.href} answered no JSON`, error)
    throw error
  }
}

function parseUrl(text: string): URL {
  if (URL.canParse(text)) return new URL(text)
  throw new IssuerFailure(`${shown(text)} is no URL`)
}

/** What else is among them is of no use to who verifies: an encryption key, a secret, or what is none. */
function isPublicKey(key: unknown): key is JWK {
  if (typeof key !== 'object' || key === null) return false
  const { kty, use } = key as JWK
  return ['RSA', 'EC', 'OKP'].includes(kty ?? '') && (use === undefined || use === 'sig')
}

function shown(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 200))
}
