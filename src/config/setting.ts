import type { Kind } from './values.ts'

export interface Setting<T = unknown> {
  readonly kind: Kind<T>
  /** As it would be written. */
  readonly default: string
  readonly help: string
}

export function setting<T>(kind: Kind<T>, standard: string, help: string): Setting<T> {
  return { kind, default: standard, help }
}
