import type { Credentials } from './credentials.ts'

/** Where objects lie, and what the store may take. */
export interface S3Options {
  readonly bucket: string
  readonly region: string
  /** Undefined: Amazon's, in the region. */
  readonly endpoint: string | undefined
  /** Whether the bucket stands in the path, and not in the host's name. */
  readonly pathStyle: boolean
  /** What every key begins with; empty, or ends with a slash. */
  readonly prefix: string
  readonly encryption: Encryption | undefined
  /** Bytes of one part of a large upload; large uploads' parts grow beyond it. */
  readonly partSize: number
  /** Parts of one upload that are under way at once. */
  readonly partsInFlight: number
  /** Parts of all uploads that are under way at once. */
  readonly connections: number
  /** Bytes that the parts of all uploads may take. */
  readonly memory: number
  /** Undefined: all bytes go through this process. */
  readonly redirect: RedirectOptions | undefined
  /** Undefined: as the environment, the shared files or the machine's role say. */
  readonly credentials?: (() => Promise<Credentials>) | undefined
}

export type Encryption =
  | { readonly kind: 'AES256' }
  | { readonly kind: 'aws:kms'; readonly keyId: string | undefined }

export interface RedirectOptions {
  /** Milliseconds that an address holds. */
  readonly expiry: number
  /** Whether the client of this address is sent to the storage. */
  allows(client: string): boolean
}

/** The headers that begin an object. Parts carry none of them. */
export function encryptionHeaders(encryption: Encryption | undefined): Record<string, string> {
  if (!encryption) return {}
  const kind = { 'x-amz-server-side-encryption': encryption.kind }
  if (encryption.kind === 'AES256' || encryption.keyId === undefined) return kind
  return { ...kind, 'x-amz-server-side-encryption-aws-kms-key-id': encryption.keyId }
}
