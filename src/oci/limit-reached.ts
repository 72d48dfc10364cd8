import { type ErrorCode, RegistryError } from './errors.ts'

/** The settings that bound what one request, caller or image may take up, and that a client can be told of. */
export type LimitName =
  | 'http.idle-timeout'
  | 'limits.blob-size'
  | 'limits.body-time'
  | 'limits.first-byte'
  | 'limits.manifest-size'
  | 'limits.nesting'
  | 'limits.open-uploads'
  | 'limits.references'
  | 'limits.referrers'
  | 'limits.request-size'
  | 'limits.tags'
  | 'limits.upload-rate'

export interface ReachedLimit {
  readonly setting: LimitName
  /** The setting's value: bytes, milliseconds or a count. */
  readonly limit: number
}

/** @param message says the limit and what to do; the setting's name, for the operator, is put behind it */
export function limitReached(code: ErrorCode, message: string, reached: ReachedLimit): RegistryError {
  return new RegistryError(code, `${message} (setting ${reached.setting})`, { detail: reached })
}

/** The limit that an error tells of, also after it crossed from another process; undefined: it tells of none. */
export function limitOf(error: RegistryError): LimitName | undefined {
  return (error.detail as Partial<ReachedLimit> | undefined)?.setting
}
