import type { Findings } from '../../../registry/imports/findings.ts'
import type { SurveyedRepository } from '../../../registry/imports/survey.ts'
import type { Tally } from '../../../registry/imports/tally.ts'
import { table } from '../../output/table.ts'
import { countText, durationText, sizeText } from '../../output/units.ts'

type Found = Pick<Findings, 'skipped' | 'skippedCount' | 'ignored' | 'ignoredCount'>

export interface ImportResult extends Tally, Found {
  /** Milliseconds. */
  readonly duration: number
}

export interface PlanResult extends Found {
  readonly repositories: readonly SurveyedRepository[]
}

export function importText(result: ImportResult): string {
  const { manifests, tags, blobs, bytes } = result
  const number = (count: number) => count.toLocaleString('en-US')
  const rows = [
    ['manifests', number(manifests.imported), number(manifests.present)],
    ['tags', number(tags.imported), number(tags.present)],
    ['blobs linked', number(blobs.linked), '', sizeText(bytes.linked)],
    ['blobs copied', number(blobs.copied), '', sizeText(bytes.copied)],
    ['blobs shared', number(blobs.mounted)],
  ]
  const nothing = manifests.imported + tags.imported + blobs.linked + blobs.copied + blobs.mounted === 0
  const headline = `${countText(result.repositories, 'repository', 'repositories')} in ${durationText(result.duration)}`
  return `${headline}${nothing ? ': nothing new' : ''}
${table(['', 'imported', 'there already', 'bytes'], rows, '')}${findingsText(result)}`
}

export function planText(result: PlanResult): string {
  const sum = { manifests: 0, tags: 0, blobs: 0, bytes: 0 }
  const rows = result.repositories.map(({ repository, manifests, tags, blobs, bytes }) => {
    sum.manifests += manifests
    sum.tags += tags
    sum.blobs += blobs
    sum.bytes += bytes
    return [repository, String(manifests), String(tags), String(blobs), sizeText(bytes)]
  })
  const headings = ['repository', 'manifests', 'tags', 'blobs', 'bytes']
  const total = `${countText(rows.length, 'repository', 'repositories')}: ${countText(sum.manifests, 'manifest')}, ${countText(sum.tags, 'tag')}, ${countText(sum.blobs, 'blob')} of ${sizeText(sum.bytes)} would come`
  return `${table(headings, rows, 'There is no repository to import.')}\n${total}\n${findingsText(result)}`
}

function findingsText({ skipped, skippedCount, ignored, ignoredCount }: Found): string {
  const skips = skipped.map(({ repository, subject, reason }) => `  ${repository}  ${subject}: ${reason}\n`)
  const others = ignored.map(({ path, reason }) => `  ${path}: ${reason}\n`)
  return (
    listed(`\nSkipped, ${countText(skippedCount, 'thing')}:\n`, skips, skippedCount) +
    listed(
      `\nIgnored, ${countText(ignoredCount, 'thing')} that a registry did not make:\n`,
      others,
      ignoredCount,
    )
  )
}

function listed(heading: string, lines: readonly string[], count: number): string {
  if (count === 0) return ''
  const more = count > lines.length ? `  … and ${(count - lines.length).toLocaleString('en-US')} more\n` : ''
  return heading + lines.join('') + more
}
