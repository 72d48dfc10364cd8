import { basicAuthorization, findLogin } from '../../client/credentials.ts'
import { connectManagement } from '../../client/http-management.ts'
import type { Management } from '../../client/management.ts'
import { isAge, parseMoment } from '../../registry/moment.ts'
import { UsageError } from '../command.ts'
import { isJson, outputFlag, outputHelp } from '../output/result.ts'
import { requireServerUrl } from '../server-url.ts'
import { settingsOf, storeFlags, storeHelp } from '../settings.ts'
import { openLocalManagement } from './local.ts'

/** The flags of every command that manages a registry. */
export const managementFlags = { ...storeFlags, ...outputFlag, server: { type: 'string' } } as const
export const managementHelp: readonly [string, string][] = [
  ...storeHelp,
  ['--server', 'instead of the data directory: the URL of a running registry, such as http://localhost:5000'],
  outputHelp,
]
/** What each help says of a server that runs. */
export const besideServer =
  'Works directly on the data directory, or on the PostgreSQL that the settings name, beside servers that may run:\nwhat it does holds at once. With --server it asks a running registry to do it.'

interface Values {
  readonly output?: string | undefined
  readonly data?: string | undefined
  readonly config?: string | undefined
  readonly server?: string | undefined
}

/** The registry that the flags name: its data directory here, or its API there. @throws UsageError */
export async function openManagement(
  values: Values,
  options: { begins?: boolean } = {},
): Promise<Management> {
  // Before anything is done: what can't be printed then is not to be done.
  isJson(values)
  if (values.server === undefined) return openLocalManagement(await settingsOf(values), options)
  if (values.data !== undefined)
    throw new UsageError('--data and --server are two ways to one registry: give one')
  const url = requireServerUrl(values.server, '--server')
  return connectManagement({ url, authorization: () => authorizationFor(url) })
}

/** What `berth login` remembers of the registry; an open one wants nothing. */
async function authorizationFor(url: string): Promise<string | undefined> {
  const login = await findLogin(url)
  return login && basicAuthorization(login)
}

const pageSize = 500

/** Every entry of a list, page after page. */
export async function everyEntry<P extends { readonly next: string | null }, T>(
  ask: (page: { after: string; limit: number }) => Promise<P>,
  entriesOf: (page: P) => readonly T[],
): Promise<T[]> {
  const entries: T[] = []
  for (let after: string | null = ''; after !== null; ) {
    const page: P = await ask({ after, limit: pageSize })
    entries.push(...entriesOf(page))
    after = page.next
  }
  return entries
}

/** A time as the command line gives it, in the form that the registry reads: ages stay, for its clock counts. */
export function momentOf(text: string): string {
  if (isAge(text)) return text
  return new Date(parseMoment(text, { now: Date.now(), local: true })).toISOString()
}
