import { loadSettings } from '../../src/config/load.ts'
import type { BodyLimits } from '../../src/http/body-limits.ts'
import { bodyLimitsOf } from '../../src/rules.ts'

/** What a server allows that is set to nothing. */
export function bodyLimits(): BodyLimits {
  return bodyLimitsOf(loadSettings({ flags: {}, environment: {} }))
}
