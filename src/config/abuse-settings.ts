import { setting } from './setting.ts'
import { duration, type Kind, size, wholeNumber } from './values.ts'

/** Both ends are sizes as people write them. */
function sizeFrom(least: string, most: string): Kind<number> {
  const [from = 0, to = 0] = [least, most].map((text) => size.parse(text))
  return {
    allowed: `a size from ${least} to ${most}`,
    parse(text) {
      const value = size.parse(text)
      return value !== undefined && value >= from && value <= to ? value : undefined
    },
  }
}

const count = wholeNumber({ from: 1, to: 10_000_000 })

/** What one caller, request or image may take up. No honest client comes near the defaults. */
export const abuseSettings = {
  'limits.header-size': setting(
    sizeFrom('4KiB', '1MiB'),
    '16KiB',
    'bytes of a request’s line and headers together; one with more is refused with 431',
  ),
  'limits.request-size': setting(
    sizeFrom('4KiB', '16MiB'),
    '64KiB',
    'bytes of a request to the management API, or of a form that asks for a token',
  ),
  'limits.manifest-size': setting(sizeFrom('64KiB', '64MiB'), '4MiB', 'bytes of a pushed manifest'),
  'limits.blob-size': setting(size, '5TiB', 'bytes of a pushed blob'),
  'limits.first-byte': setting(
    duration,
    '1m',
    'how long the first byte of a request’s body may take once its headers are there; 0s: no limit',
  ),
  'limits.body-time': setting(
    duration,
    '5m',
    'how long the whole body of a manifest, a form or a request to the management API may take: it is held in memory until then; 0s: no limit',
  ),
  'limits.upload-rate': setting(
    size,
    '0',
    'bytes in a second that an upload of a blob must bring on average over limits.upload-window; 0: any',
  ),
  'limits.upload-window': setting(
    duration,
    '30s',
    'over how long limits.upload-rate is measured; time in which the registry itself is slow does not count',
  ),
  'limits.open-uploads': setting(
    count,
    '10000',
    'uploads that one account, or one address without an account, may have open at the same time',
  ),
  'limits.tags': setting(count, '10000', 'tags that may point at one manifest'),
  'limits.referrers': setting(
    count,
    '10000',
    'manifests, such as signatures and SBOMs, that may refer to one as their subject',
  ),
  'limits.references': setting(
    wholeNumber({ from: 1, to: 100_000 }),
    '10000',
    'layers or children that one manifest may list',
  ),
  'limits.nesting': setting(
    wholeNumber({ from: 1, to: 100 }),
    '10',
    'how many indexes may lie one within the other',
  ),
} as const
