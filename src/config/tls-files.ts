import { SettingError } from './load.ts'
import { environmentName, type SettingName, type Settings } from './settings.ts'

/** The files to serve HTTPS with; undefined: plain HTTP. @throws SettingError where only one of them is named */
export function tlsFilesOf(settings: Settings): { certificate: string; key: string } | undefined {
  const { 'tls.certificate': certificate, 'tls.key': key } = settings
  if (certificate === '' && key === '') return undefined
  if (key === '') throw alone('tls.certificate', 'tls.key')
  if (certificate === '') throw alone('tls.key', 'tls.certificate')
  return { certificate, key }
}

function alone(given: SettingName, missing: SettingName): SettingError {
  return new SettingError(
    `${given} is set without ${missing} (${environmentName(missing)}): HTTPS needs a certificate and its key`,
  )
}
