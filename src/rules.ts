import type { Switches } from './access/policy.ts'
import type { Settings } from './config/settings.ts'
import type { BodyLimits } from './http/body-limits.ts'
import type { CollectorRules } from './jobs/collector.ts'
import type { RetentionRules } from './jobs/retention-schedule.ts'
import type { ContentLimits, Rules } from './registry/registry.ts'

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
    quota: {
      bytes: settings['quota.default-bytes'] || null,
      repositories: settings['quota.default-repositories'] || null,
    },
  }
}

/** What the settings allow of what is pushed. */
export function contentLimitsOf(settings: Settings): ContentLimits {
  return {
    blobSize: settings['limits.blob-size'],
    openUploads: settings['limits.open-uploads'],
    tags: settings['limits.tags'],
    referrers: settings['limits.referrers'],
    references: settings['limits.references'],
    nesting: settings['limits.nesting'],
  }
}

/** What the settings allow a request's body to be. */
export function bodyLimitsOf(settings: Settings): BodyLimits {
  return {
    requestSize: settings['limits.request-size'],
    manifestSize: settings['limits.manifest-size'],
    firstByte: settings['limits.first-byte'],
    pause: settings['http.idle-timeout'],
    whole: settings['limits.body-time'],
    uploadRate: settings['limits.upload-rate'],
    uploadWindow: settings['limits.upload-window'],
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
