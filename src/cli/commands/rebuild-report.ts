import type { Loss, Rebuilt } from '../../recovery/rebuild.ts'
import { countText, sizeText, timeText } from '../output/units.ts'

/** Entries of each list that people are shown. */
const shown = 20

export function rebuiltJson(rebuilt: Rebuilt) {
  const { losses, unknown, strange, movedTo, ...counts } = rebuilt
  return {
    ...counts,
    movedTo: movedTo ?? null,
    losses: { count: losses.count, first: losses.first },
    unknown: {
      count: unknown.count,
      bytes: unknown.bytes,
      first: unknown.first.map(({ objectKey, size, sound }) => ({ objectKey, size, sound })),
    },
    strange: { count: strange.count, first: strange.first },
  }
}

export function rebuiltText(rebuilt: Rebuilt, data: string): string {
  const { losses, unknown, strange } = rebuilt
  const lines = [
    `The database of ${data} is made anew: ${countText(rebuilt.repositories, 'repository', 'repositories')}, ${countText(rebuilt.manifests, 'manifest')}, ${countText(rebuilt.tags, 'tag')}, ${countText(rebuilt.blobs, 'blob')}, and ${countText(rebuilt.trash, 'deletion')} in the trash.`,
  ]
  if (rebuilt.movedTo) lines.push(`What lay there is in ${rebuilt.movedTo}.`)
  if (rebuilt.closed) lines.push('The registry is closed: only who signs in may push.')
  if (rebuilt.hidden > 0) {
    lines.push(
      `${countText(rebuilt.hidden, 'repository', 'repositories')} came back private: the journal has gaps, and the change that made one private may be lost (berth repo set NAME --visibility public).`,
    )
  }
  lines.push('The audit log begins anew: the journal does not hold it.')
  if (losses.count > 0) {
    lines.push('', `${countText(losses.count, 'thing')} could not be brought back:`)
    lines.push(...listed(losses.first.map(lossText), losses.count))
  }
  if (unknown.count > 0) {
    lines.push(
      '',
      `${countText(unknown.count, 'object')} (${sizeText(unknown.bytes)}) in blobs/ that nothing refers to; they stay (berth verify --remove-unknown has them removed):`,
      ...listed(
        unknown.first.map(({ objectKey, sound }) => (sound ? objectKey : `${objectKey} (damaged)`)),
        unknown.count,
      ),
    )
  }
  if (strange.count > 0) {
    lines.push(
      '',
      `${countText(strange.count, 'file')} in blobs/ that are not the registry’s:`,
      ...listed(strange.first, strange.count),
    )
  }
  if (rebuilt.uploads > 0) {
    lines.push(
      '',
      `${countText(rebuilt.uploads, 'upload')} that was open can’t go on; the server removes what it left.`,
    )
  }
  return `${lines.join('\n')}\n`
}

function listed(entries: readonly string[], count: number): string[] {
  const lines = entries.slice(0, shown).map((entry) => `  ${entry}`)
  return count > lines.length
    ? [...lines, `  and ${(count - lines.length).toLocaleString('en-US')} more; --output json lists them`]
    : lines
}

function lossText(loss: Loss): string {
  switch (loss.kind) {
    case 'blob':
      return `${loss.repository}: blob ${loss.digest} is ${loss.damaged ? 'damaged: a push of it heals it' : 'missing'}`
    case 'manifest':
      return `${loss.repository || 'an unknown repository'}: manifest ${loss.digest}${loss.trash ? ' of the trash' : ''} is damaged: a push of it heals it`
    case 'tag':
      return `${loss.repository}:${loss.tag}, for its manifest ${loss.digest} is lost`
    case 'trash':
      return `${countText(loss.rows, 'entry', 'entries')} of the deletion ${loss.id}`
    case 'loss': {
      const since = loss.after === undefined ? '' : ` after ${timeText(loss.after)}`
      const records =
        loss.records === undefined ? 'an unknown number of changes' : countText(loss.records, 'change')
      switch (loss.what) {
        case 'torn':
          return `the last changes${since}: journal/${loss.file} ends in ${countText(loss.bytes, 'byte')} of a write that was cut short`
        case 'damaged':
          return `${records}${since}: ${countText(loss.bytes, 'byte')} of journal/${loss.file} are damaged`
        case 'incomplete':
          return `what stood at the end of journal/${loss.file}, which has no end`
        case 'no snapshot':
          return 'what is older than the logs in journal/: it holds no snapshot'
      }
    }
  }
}
