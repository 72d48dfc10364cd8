import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { SettingError, type SettingSources } from '../../config/load.ts'
import { flagName, type SettingName, settingNames } from '../../config/settings.ts'
import { UsageError } from '../command.ts'

/** Reads the flags and the file that they, or BERTH_CONFIG, name. @throws UsageError, SettingError */
export async function parseServeArguments(args: readonly string[]): Promise<SettingSources> {
  const values = parseFlags(args)
  const flags: Partial<Record<SettingName, string>> = {}
  for (const name of settingNames) {
    const given = values[flagName(name)]
    if (given) flags[name] = given.join(',')
  }
  const config = values.config?.at(-1) ?? process.env.BERTH_CONFIG
  const sources = { flags, environment: process.env }
  return config ? { ...sources, file: { name: config, text: await readConfig(config) } } : sources
}

function parseFlags(args: readonly string[]): Record<string, string[] | undefined> {
  const repeatable = { type: 'string', multiple: true } as const
  const options = Object.fromEntries(
    [...settingNames.map(flagName), 'config'].map((name) => [name, repeatable]),
  )
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify a positional argument.*$/s, ''))
  }
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
