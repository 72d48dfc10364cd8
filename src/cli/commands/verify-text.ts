import type {
  BlobFinding,
  Finding,
  FindingKind,
  ManifestFinding,
  UnknownFinding,
  VerificationReport,
} from '../../jobs/verify/report.ts'
import { countText, durationText, sizeText } from '../output/units.ts'

/** Findings of one kind that people are shown. */
const mostShown = 20

/** What the command prints: the report with the milliseconds that it took. */
export type VerifyResult = VerificationReport & { readonly duration: number }

/** The report for people: what was looked at, what was found, what to do. */
export function verificationText(result: VerifyResult): string {
  const sections = kinds.flatMap((kind) => section(result, kind))
  return [checkedText(result), ...sections, ...advice(result)].join('\n\n').concat('\n')
}

function checkedText({ checked, duration, sound }: VerifyResult): string {
  const { blobs, bytes, manifests, stored } = checked
  // Of little that was read a rate says nothing.
  const rate = bytes < 64 * 1024 * 1024 ? '' : `, ${sizeText(bytes / (duration / 1000))}/s`
  const read = `Read ${countText(blobs, 'blob')} (${sizeText(bytes)}) and ${countText(manifests, 'manifest')} in ${durationText(duration)}${rate}.`
  const looked = stored === null ? '' : ` Looked up ${countText(stored, 'stored object')}.`
  return `${read}${looked}${sound ? '\nAll is sound.' : ''}`
}

const kinds: readonly FindingKind[] = [
  'damaged',
  'missing',
  'unreadable',
  'manifest-damaged',
  'incomplete',
  'unknown',
  'miscounted',
  'doubtful',
  'released',
]

const headings: Readonly<Record<FindingKind, string>> = {
  damaged: 'Damaged blobs, whose stored bytes are not what was pushed',
  missing: 'Missing blobs, whose bytes are gone from the storage',
  unreadable: 'Unreadable blobs, whose bytes the storage does not give',
  'manifest-damaged': 'Damaged manifests, whose bytes in the metadata are not what was pushed',
  incomplete: 'Incomplete manifests, which refer to what their repository does not hold',
  unknown: 'Unknown to the registry, though it lies where objects lie',
  miscounted: 'Namespaces that hold something else than their quotas went by',
  doubtful: 'Read wrong once, and right the second time: look after the disk and its cables',
  released: 'Sound again, and released from quarantine',
}

function section({ counts, findings }: VerifyResult, kind: FindingKind): string[] {
  if (counts[kind] === 0) return []
  const shown = findings.filter((finding) => finding.kind === kind).slice(0, mostShown)
  const left = counts[kind] - shown.length
  const lines = shown.flatMap(findingLines)
  if (left > 0) lines.push(`and ${left.toLocaleString('en-US')} more (--output json lists them)`)
  return [
    `${headings[kind]}: ${counts[kind].toLocaleString('en-US')}\n${lines.map((line) => `  ${line}`).join('\n')}`,
  ]
}

function findingLines(finding: Finding): string[] {
  switch (finding.kind) {
    case 'damaged':
    case 'missing':
    case 'unreadable':
      return blobLines(finding)
    case 'manifest-damaged':
    case 'incomplete':
      return manifestLines(finding)
    case 'unknown':
      return [
        `${finding.name}  ${sizeText(finding.size)}, for ${durationText(finding.age)}${fates[finding.fate]}`,
      ]
    case 'released':
      return [finding.repository ? `${finding.repository}@${finding.digest}` : finding.digest]
    case 'miscounted':
      return [`${finding.namespace}  ${finding.recounted ? 'counted anew' : 'not counted anew'}`]
    case 'doubtful':
      return [`${finding.digest}  ${finding.reason}`]
  }
}

function blobLines({ digest, size, reason, quarantined, usedBy }: BlobFinding): string[] {
  const state = quarantined ? 'in quarantine' : 'not quarantined'
  return [`${digest}  ${sizeText(size)}, ${state}`, `  ${reason}`, `  ${usersText(usedBy)}`]
}

function usersText(usedBy: readonly string[]): string {
  return usedBy.length === 0 ? 'part of no image' : `part of ${usedBy.join(', ')}`
}

function manifestLines({ repository, digest, absent, quarantined, usedBy }: ManifestFinding): string[] {
  const state = quarantined ? ', in quarantine' : ''
  const lacks = absent.slice(0, 5).map((each) => `  lacks ${each}`)
  if (absent.length > 5) lacks.push(`  and ${absent.length - 5} more`)
  return [`${repository}@${digest}${state}`, ...lacks, `  pulled as ${usedBy.join(', ')}`]
}

const fates: Readonly<Record<UnknownFinding['fate'], string>> = {
  kept: '',
  'too-young': '; too young to be removed (--older-than)',
  'to-be-removed': '; will be removed when gc.keep-objects is over',
  foreign: '; not a name of Berth’s: move it away by hand',
}

function advice(result: VerifyResult): string[] {
  const { counts, storageAway } = result
  const lines: string[] = []
  if (storageAway)
    lines.push(
      'So many objects are out of reach that the storage itself seems to be away: is its disk mounted? They were not quarantined.',
    )
  if (counts.damaged + counts.missing + counts.unreadable + counts['manifest-damaged'] > 0)
    lines.push(
      'Push the images named above again, from a machine or a build that has them: that heals the damage in every repository. Or restore their bytes, and run berth verify again.',
      'Look after the disk: bytes that were synced do not change by themselves.',
    )
  if (counts.incomplete > 0)
    lines.push('Push the incomplete images again, or delete them: they can’t be pulled whole.')
  if (counts.miscounted > 0)
    lines.push(
      'An older Berth that serves beside this one counts nothing for quotas: once it is gone, run berth verify again.',
    )
  if (hasFate(result, 'kept'))
    lines.push(
      'Unknown objects take room and harm nobody. To have those of more than a day removed: berth verify --remove-unknown',
    )
  return lines.length === 0 ? [] : [`What to do\n${lines.map((line) => `  - ${line}`).join('\n')}`]
}

function hasFate({ findings }: VerifyResult, fate: UnknownFinding['fate']): boolean {
  return findings.some((finding) => finding.kind === 'unknown' && finding.fate === fate)
}
