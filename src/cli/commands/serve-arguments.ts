import { parseArgs } from 'node:util'
import type { SettingSources } from '../../config/load.ts'
import { flagName, type SettingName, settingNames } from '../../config/settings.ts'
import { UsageError } from '../command.ts'
import { settingSources } from '../settings.ts'

/** Reads the flags and the file that they, or BERTH_CONFIG, name. @throws UsageError, SettingError */
export async function parseServeArguments(args: readonly string[]): Promise<SettingSources> {
  const values = parseFlags(args)
  const flags: Partial<Record<SettingName, string>> = {}
  for (const name of settingNames) {
    const given = values[flagName(name)]
    if (given) flags[name] = given.join(',')
  }
  return settingSources(flags, values.config?.at(-1))
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
