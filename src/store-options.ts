import type { S3Options } from './blobs/s3/options.ts'
import { withinRanges } from './config/s3-values.ts'
import type { Settings } from './config/settings.ts'
import type { PostgresOptions } from './metadata/postgres/postgres-metadata-store.ts'
import { version } from './version.ts'

/** What the drivers of stores elsewhere are told, as the settings say. */

type BucketSettings = Pick<Settings, Extract<keyof Settings, `storage.s3.${string}`>>
type MetadataSettings = Pick<Settings, Extract<keyof Settings, `metadata.${string}`>>

export function placeOfBucket(settings: BucketSettings): string {
  return `s3://${settings['storage.s3.bucket']}/${settings['storage.s3.prefix']}`
}

export function s3OptionsOf(settings: BucketSettings, bucket: string): S3Options {
  const endpoint = settings['storage.s3.endpoint'] ?? undefined
  const pathStyle = settings['storage.s3.path-style']
  const clients = settings['storage.s3.redirect-clients']
  return {
    bucket,
    region: settings['storage.s3.region'] || process.env.AWS_REGION || 'us-east-1',
    endpoint,
    pathStyle: pathStyle === 'auto' ? endpoint !== undefined : pathStyle === 'true',
    prefix: settings['storage.s3.prefix'],
    encryption: settings['storage.s3.encryption'] ?? undefined,
    partSize: settings['storage.s3.part-size'],
    partsInFlight: settings['storage.s3.parts-in-flight'],
    connections: settings['storage.s3.connections'],
    memory: settings['storage.s3.memory'],
    redirect: settings['storage.s3.redirect']
      ? {
          expiry: settings['storage.s3.redirect-expiry'],
          allows: clients.length === 0 ? () => true : withinRanges(clients),
        }
      : undefined,
  }
}

export function postgresOptionsOf(
  settings: MetadataSettings,
  address: NonNullable<Settings['metadata.url']>,
): Omit<PostgresOptions, 'existing'> {
  return {
    address,
    passwordFile: settings['metadata.password-file'] || undefined,
    pool: settings['metadata.pool'],
    patience: settings['metadata.patience'],
    connectTimeout: settings['metadata.connect-timeout'],
    statementTimeout: settings['metadata.statement-timeout'],
    lockTimeout: settings['metadata.lock-timeout'],
    berth: version,
  }
}
