import { environmentName, type SettingName } from '../../config/settings.ts'
import type { Done, Migrated } from '../../recovery/migration/migrate.ts'
import { countText, sizeText } from '../output/units.ts'
import { damagedJson, damagedText } from './damaged-objects.ts'

/** What was asked for: which parts move, and the settings that say where to, as they were given. */
export interface Asked {
  readonly metadata: boolean
  readonly storage: boolean
  readonly settings: Partial<Record<SettingName, string>>
}

export function migratedJson(migrated: Migrated, asked: Asked) {
  const { done, ...rest } = migrated
  return {
    ...rest,
    dryRun: done === undefined,
    done: done && { ...done, damaged: damagedJson(done.damaged), pauseMs: done.pause, pause: undefined },
    settings: settingsToStartWith(migrated, asked),
  }
}

export function migratedText(migrated: Migrated, asked: Asked): string {
  const { done } = migrated
  return `${(done ? textOf(done, migrated, asked) : foreseen(migrated, asked)).join('\n')}\n`
}

function foreseen({ blobs, tables, resumed, data }: Migrated, { metadata, storage }: Asked): string[] {
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0)
  return [
    resumed
      ? `The targets hold what an earlier run on ${data} brought; the next one goes on from there.`
      : 'The targets can be reached, and are empty.',
    ...(storage ? [`To move:  ${countText(blobs.count, 'blob')}, ${sizeText(blobs.bytes)}`] : []),
    ...(metadata ? [`To move:  ${countText(rows, 'row')} of metadata`] : []),
    'Nothing was written.',
  ]
}

function textOf(done: Done, migrated: Migrated, asked: Asked): string[] {
  return [
    ...(done.already
      ? [`It was migrated already, at ${done.finishedAt}.`]
      : whatWasDone(done, migrated, asked)),
    ...damagedText(
      done.damaged,
      'the registry, and so could not be moved; a push of them to the new servers heals them',
    ),
    '',
    ...nextSteps(migrated, asked),
  ]
}

function whatWasDone(done: Done, { blobs, tables }: Migrated, { metadata, storage }: Asked): string[] {
  const { copied, there, copiedInPause, verified, removed, pause } = done
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0)
  const seconds = (pause / 1000).toFixed(1)
  return [
    `Migrated. Pushes were refused for ${seconds} s until all was there, and are until you go on below; pulls went on.`,
    ...(storage
      ? [
          `Copied:   ${countText(copied.count, 'blob')}, ${sizeText(copied.bytes)}, each compared with its digest; ${countText(copiedInPause.count, 'blob')} of them after the registry was read-only`,
          `There:    ${countText(there.count, 'blob')}, ${sizeText(there.bytes)}, from earlier runs`,
          `Verified: ${countText(verified, 'blob')} at the target, ${sizeText(blobs.bytes)}`,
          ...(removed > 0
            ? [`Removed:  ${countText(removed, 'blob')} at the target that went meanwhile`]
            : []),
        ]
      : []),
    ...(metadata
      ? [
          `Metadata: ${countText(rows, 'row')} in ${countText(Object.keys(tables).length, 'table')}, each compared`,
        ]
      : []),
  ]
}

function nextSteps(migrated: Migrated, asked: Asked): string[] {
  const { data, closed } = migrated
  const settings = Object.entries(settingsToStartWith(migrated, asked)) as [SettingName, string][]
  const inPlace = !asked.metadata || !asked.storage
  return [
    'Settings to start with, in the environment:',
    ...settings.map(([name, value]) => `  ${environmentName(name)}=${quoted(value)}`),
    'or in the file:',
    ...settings.map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`),
    ...(asked.metadata
      ? ['The password of PostgreSQL comes from PGPASSWORD or metadata.password-file.']
      : []),
    ...(asked.storage ? ['The credentials of S3 come as they did now.'] : []),
    ...(!closed
      ? [
          'access.open is needed as long as the registry has no accounts: whoever reaches it may push and delete.',
        ]
      : []),
    '',
    'What to do next:',
    ...numbered([
      inPlace
        ? `stop the server on ${data}, and its supervisor: the next one uses the directory too`
        : `leave the server on ${data} running: pulls go on there until clients are sent elsewhere`,
      ...(asked.metadata && !asked.storage
        ? [
            `move its database away:  mkdir -p ${data}/../before-migration && mv ${data}/metadata.sqlite* ${data}/journal ${data}/../before-migration/`,
          ]
        : []),
      'start the new servers with these settings; they are read-only too',
      'look whether all is well:  berth verify  (with the same settings)',
      'send clients there, and let them push:  berth read-only off  (with the same settings)',
      inPlace
        ? 'keep what lies in the old place until you are sure'
        : `stop the server on ${data}, and keep the directory until you are sure`,
    ]),
    `To go back instead, before step 4:  berth read-only off --data ${data}`,
  ]
}

/** By name, as they would be given; a password is left out. */
export function settingsToStartWith(
  { closed, data }: Pick<Migrated, 'closed' | 'data'>,
  { metadata, storage, settings }: Asked,
): Partial<Record<SettingName, string>> {
  const url = settings['metadata.url']
  const given = Object.entries(settings).filter(([, value]) => value !== '')
  return {
    ...(metadata && storage ? {} : { data }),
    ...Object.fromEntries(given),
    ...(url !== undefined && { 'metadata.url': withoutPassword(url) }),
    ...(!closed && { 'access.open': 'true' }),
  }
}

function withoutPassword(text: string): string {
  const url = new URL(text)
  url.password = ''
  return url.href
}

function numbered(lines: readonly string[]): string[] {
  return lines.map((line, index) => `  ${index + 1}. ${line}`)
}

function quoted(value: string): string {
  return /^[\w@%+=:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}
