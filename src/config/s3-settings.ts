import { addressRange, bucketName, encryption, endpoint, keyPrefix, regionName } from './s3-values.ts'
import { setting } from './setting.ts'
import { durationUpTo, flag, type Kind, listOf, oneOf, size, wholeNumber } from './values.ts'

const MiB = 1024 * 1024
/** S3's own bound. Milliseconds. */
const longestRedirect = 10 * 60_000

/** What S3 allows as a part, and memory can hold. */
const partSize: Kind<number> = {
  allowed: 'a size from 5MiB to 512MiB',
  parse(text) {
    const value = size.parse(text)
    return value !== undefined && value >= 5 * MiB && value <= 512 * MiB ? value : undefined
  },
}

/** Blobs in an S3-compatible bucket. Credentials are no settings: they come as AWS's own tools find them. */
export const s3Settings = {
  'storage.s3.bucket': setting(
    bucketName,
    '',
    'the S3 bucket that keeps the blobs, for several servers; without one the data directory does. Credentials come from AWS_ACCESS_KEY_ID and so on, from AWS’s shared files, or from the machine’s role',
  ),
  'storage.s3.region': setting(regionName, '', 'the bucket’s region; without one AWS_REGION, or us-east-1'),
  'storage.s3.endpoint': setting(endpoint, '', 'the S3 server; without one Amazon’s'),
  'storage.s3.path-style': setting(
    oneOf(['auto', 'true', 'false'] as const),
    'auto',
    'whether the bucket stands in the path and not in the host’s name; auto: where there is an endpoint',
  ),
  'storage.s3.prefix': setting(keyPrefix, '', 'what the keys of all objects begin with'),
  'storage.s3.encryption': setting(encryption, 'bucket', 'how S3 encrypts new objects'),
  'storage.s3.part-size': setting(
    partSize,
    '8MiB',
    'bytes of one part of an upload; the parts of blobs beyond 10GiB grow',
  ),
  'storage.s3.parts-in-flight': setting(
    wholeNumber({ from: 1, to: 100 }),
    '4',
    'parts of one upload that are sent at once',
  ),
  'storage.s3.connections': setting(
    wholeNumber({ from: 1, to: 200 }),
    '32',
    'parts of all uploads that are sent at once',
  ),
  'storage.s3.memory': setting(
    size,
    '256MiB',
    'memory that the parts of all uploads may take; uploads wait for it in turn',
  ),
  'storage.s3.redirect': setting(
    flag,
    'false',
    'whether clients fetch blobs from the S3 server themselves, at addresses that hold for a while',
  ),
  'storage.s3.redirect-expiry': setting(
    durationUpTo(longestRedirect),
    '10m',
    'how long such an address holds',
  ),
  'storage.s3.redirect-clients': setting(
    listOf(addressRange),
    '',
    'the addresses of clients that are sent to the S3 server; without any, all',
  ),
} as const
