import { type ErrorCode, RegistryError } from '../oci/errors.ts'

/** An error on its way between two processes. */
export interface Failure {
  readonly name: string
  readonly message: string
  /** A RegistryError's code, or that of the system. */
  readonly code: string | undefined
  readonly detail: unknown
  readonly cause: string | undefined
}

export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error))
    return { name: 'Error', message: String(error), code: undefined, detail: undefined, cause: undefined }
  const { code } = error as { code?: unknown }
  return {
    name: error.name,
    message: error.message,
    code: typeof code === 'string' ? code : undefined,
    detail: error instanceof RegistryError ? error.detail : undefined,
    cause: error.cause === undefined ? undefined : messageOf(error.cause),
  }
}

export function toError({ name, message, code, detail, cause }: Failure): Error {
  const because = cause === undefined ? {} : { cause: new Error(cause) }
  if (name === 'RegistryError') return new RegistryError(code as ErrorCode, message, { detail, ...because })
  return Object.assign(new Error(message, because), { name }, code === undefined ? {} : { code })
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
