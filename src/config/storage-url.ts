import { SettingError } from './load.ts'
import type { SettingName } from './settings.ts'

/** What a URL such as `s3://bucket/prefix?region=eu-central-1` may say after its question mark. */
const parameters: Readonly<Record<string, SettingName>> = {
  endpoint: 'storage.s3.endpoint',
  region: 'storage.s3.region',
  'path-style': 'storage.s3.path-style',
  encryption: 'storage.s3.encryption',
  'part-size': 'storage.s3.part-size',
}

/** The settings that a URL of a bucket stands for, as texts; only those that it gives. @throws SettingError */
export function storageUrl(text: string, where: string): Partial<Record<SettingName, string>> {
  const url = URL.parse(text)
  if (url?.protocol !== 's3:' || url.host === '' || url.hash !== '')
    throw new SettingError(
      `${where}: ${JSON.stringify(text)} is not a URL such as s3://bucket/prefix?endpoint=https://s3.example.com`,
    )
  if (url.username !== '' || url.password !== '')
    throw new SettingError(`${where}: credentials come from AWS_ACCESS_KEY_ID and so on, not in the URL`)
  const given: Partial<Record<SettingName, string>> = {
    'storage.s3.bucket': url.host,
    'storage.s3.prefix': decodeURIComponent(url.pathname.slice(1)),
  }
  for (const [name, value] of url.searchParams) {
    const setting = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (!setting)
      throw new SettingError(
        `${where}: the parameter ${name} is not one of ${Object.keys(parameters).join(', ')}; other settings come from the environment or --config`,
      )
    given[setting] = value
  }
  return given
}
