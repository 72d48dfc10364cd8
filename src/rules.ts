import type { Switches } from './access/policy.ts'
import type { Settings } from './config/settings.ts'
import type { CollectorRules } from './jobs/collector.ts'
import type { RetentionRules } from './jobs/retention-schedule.ts'
import type { Rules } from './registry/registry.ts'

/** What the settings make the use cases keep to. */
export function rulesOf(settings: Settings): Rules {
  return {
    missing: settings['manifests.missing'],
    deleteEnabled: settings['delete.enabled'],
    grace: settings['gc.grace'],
    minFree: settings['storage.min-free'],
    immutableTags: settings['tags.immutable'],
    trashRetention: settings['trash.retention'],
    readOnly: settings['server.read-only'],
  }
}

/** What the settings make the collector keep to. */
export function collectorRulesOf(settings: Settings): CollectorRules {
  return {
    grace: settings['gc.grace'],
    untagged: settings['gc.untagged'],
    keepObjects: settings['gc.keep-objects'],
    uploadAge: settings['uploads.expire'],
    trashRetention: settings['trash.retention'],
  }
}

/** What the settings make retention keep to. */
export function retentionRulesOf(settings: Settings): RetentionRules {
  return { rules: settings['retention.rules'], interval: settings['retention.interval'] }
}

/** What the settings make of decisions. */
export function switchesOf(settings: Settings): Switches {
  return { anonymous: settings['access.anonymous'], registration: settings['access.registration'] }
}
