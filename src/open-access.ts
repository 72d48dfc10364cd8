import { SettingError } from './config/load.ts'
import type { Settings } from './config/settings.ts'
import { isShared } from './stores.ts'

/**
 * A registry for many machines is reached by many: that it is open to all of them must be meant. One that keeps
 * everything in its data directory is open until its first account, as is said when it starts.
 * @param access.closed whether it has accounts, or ever had
 * @throws SettingError
 */
export function requireMeantOpen(settings: Settings, { closed }: { closed: boolean }): void {
  if (closed || settings['access.open'] || !isShared(settings)) return
  throw new SettingError(
    'this registry is on PostgreSQL or S3 and has no accounts: whoever reaches it could push, pull and delete. Make the first account with `berth user add NAME --admin` and the same settings. If open is meant, set access.open to true (BERTH_ACCESS_OPEN=true, or --access-open true)',
  )
}
