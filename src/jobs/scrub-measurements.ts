import type { Measurement } from '../logging/measurement.ts'
import type { Scrubber, ScrubMeasures } from './scrub.ts'

/** How far scrubbing is, and what it found; none where it is switched off. */
export function scrubMeasurements(scrubber: Scrubber): Measurement[] {
  if (!scrubber.reads) return []
  const measurement = (
    name: string,
    help: string,
    read: (measures: ScrubMeasures) => number | undefined,
  ): Measurement => ({
    name,
    help,
    kind: name.endsWith('_total') ? 'counter' : 'gauge',
    async read() {
      const measures = await scrubber.measures()
      return measures && read(measures)
    },
  })
  const seconds = (milliseconds: number | undefined) => milliseconds && milliseconds / 1000
  return [
    measurement(
      'berth_scrub_last_round_age_seconds',
      'Since all blobs had last been read again; absent before the first time',
      ({ sinceFinished }) => seconds(sinceFinished),
    ),
    measurement(
      'berth_scrub_longest_unread_seconds',
      'For how long any blob may have been left unread at most',
      ({ longestUnread }) => seconds(longestUnread),
    ),
    measurement(
      'berth_scrub_round_under_way_seconds',
      'Since the round under way began; absent between two',
      ({ sinceBegun }) => seconds(sinceBegun),
    ),
    measurement(
      'berth_scrub_read_bytes_total',
      'Bytes of blobs read again to find damage',
      ({ bytes }) => bytes,
    ),
    measurement(
      'berth_scrub_damaged_objects_total',
      'Objects that scrubbing found damaged, missing or unreadable',
      ({ damaged }) => damaged,
    ),
  ]
}
