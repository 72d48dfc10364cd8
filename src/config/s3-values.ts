import { BlockList, isIP } from 'node:net'
import type { Kind } from './values.ts'

/** Empty: none. */
export const bucketName: Kind<string | null> = {
  allowed: 'the name of a bucket, such as team-registry',
  parse(text) {
    if (text === '') return null
    return /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,61}[a-zA-Z0-9]$/.test(text) ? text : undefined
  },
}

export const regionName: Kind<string> = {
  allowed: 'a region, such as eu-central-1',
  parse: (text) => (text === '' || /^[a-zA-Z0-9-]{1,64}$/.test(text) ? text : undefined),
}

/** Empty: Amazon's. */
export const endpoint: Kind<string | null> = {
  allowed: 'a URL without a path, such as https://s3.example.com or http://127.0.0.1:9000',
  parse(text) {
    if (text === '') return null
    const url = URL.parse(text)
    const plain =
      url &&
      /^https?:$/.test(url.protocol) &&
      url.pathname === '/' &&
      url.search === '' &&
      url.username === ''
    return plain ? url.origin : undefined
  },
}

/** Empty, or with a slash at its end. */
export const keyPrefix: Kind<string> = {
  allowed: 'a beginning of keys, such as registry/ (letters, digits, and /!_.*()-)',
  parse(text) {
    if (!/^[a-zA-Z0-9/!_.*()-]{0,512}$/.test(text)) return undefined
    const bare = text.replaceAll(/^\/+|\/+$/g, '')
    return bare === '' ? '' : `${bare}/`
  },
}

export type EncryptionAsked = { kind: 'AES256' } | { kind: 'aws:kms'; keyId: string | undefined }

/** Null: as the bucket has it. */
export const encryption: Kind<EncryptionAsked | null> = {
  allowed: 'bucket (as the bucket has it), sse-s3, sse-kms, or sse-kms:KEY-ID',
  parse(text) {
    if (text === 'bucket') return null
    if (text === 'sse-s3') return { kind: 'AES256' }
    if (text === 'sse-kms') return { kind: 'aws:kms', keyId: undefined }
    const keyId = /^sse-kms:([a-zA-Z0-9:/_-]{1,2048})$/.exec(text)?.[1]
    return keyId === undefined ? undefined : { kind: 'aws:kms', keyId }
  },
}

export interface AddressRange {
  readonly address: string
  readonly bits: number
}

export const addressRange: Kind<AddressRange> = {
  allowed: 'a range of addresses such as 10.0.0.0/8 or fd00::/8',
  parse(text) {
    const [address = '', bits = '', ...more] = text.split('/')
    const most = isIP(address) === 4 ? 32 : 128
    const fine = isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most && more.length === 0
    return fine ? { address, bits: Number(bits) } : undefined
  },
}

/** Whether an address lies in one of the ranges. */
export function withinRanges(ranges: readonly AddressRange[]): (address: string) => boolean {
  const list = new BlockList()
  for (const { address, bits } of ranges) list.addSubnet(address, bits, isIP(address) === 4 ? 'ipv4' : 'ipv6')
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
    const version = isIP(plain)
    return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6')
  }
}
