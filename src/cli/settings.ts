import { readFile } from 'node:fs/promises'
import { loadSettings, SettingError, type SettingSources } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'

/** The flags of every command that works on the stores of a registry, and what its help says of them. */
export const storeFlags = { data: { type: 'string' }, config: { type: 'string' } } as const
export const storeHelp: readonly [string, string][] = [
  ['--data', 'the data directory: a path [BERTH_DATA, or ./berth-data]'],
  ['--config', 'the servers’ YAML file, where they keep anything elsewhere: a path [BERTH_CONFIG]'],
]

/** The settings that the servers of the same registry would have, from flags, environment and file. @throws SettingError */
export async function settingsOf(values: {
  readonly data?: string | undefined
  readonly config?: string | undefined
}): Promise<Settings> {
  const flags = values.data === undefined ? {} : { data: values.data }
  return loadSettings(await settingSources(flags, values.config))
}

/** Adds the environment to the flags, and the file that `--config`, or BERTH_CONFIG, names. @throws SettingError */
export async function settingSources(
  flags: SettingSources['flags'],
  config = process.env.BERTH_CONFIG,
): Promise<SettingSources> {
  const sources = { flags, environment: process.env }
  return config ? { ...sources, file: { name: config, text: await readConfig(config) } } : sources
}

async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new SettingError(
      `the configuration file ${path} can not be read: ${(error as NodeJS.ErrnoException).code}`,
    )
  }
}
