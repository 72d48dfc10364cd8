import type { ChangesMetadata, ChecksSignIn, FindsUsers } from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { SharesSignIns } from '../../rates/shared-rates.ts'
import type { SignsInElsewhere } from '../sign-in/sign-in.ts'
import { SignInLimits } from '../sign-in/sign-in-limits.ts'
import type { Directory, DirectoryRules } from './directory.ts'
import { directoryAccounts } from './directory-accounts.ts'
import { DirectorySignIn } from './directory-sign-in.ts'
import type { LdapServer } from './ldap/server.ts'

export type DirectoryPlace = LdapServer & DirectoryRules

export interface DirectoriesSetup {
  readonly places: readonly DirectoryPlace[]
  readonly metadata: ChecksSignIn & ChangesMetadata & FindsUsers
  /** Where the wrong sign-ins of all processes are counted. */
  readonly rates: SharesSignIns
  /** Milliseconds since 1970. */
  now(): number
  newId(): string
  /** @throws READ_ONLY */
  requireWritable(): Promise<void>
  /** For the log. */
  readonly log: DirectoryLog
  /** For the metrics. */
  readonly tally?: DirectoryTally
}

/** Conversations with all directories, since the process began. */
export interface DirectoryTally {
  answered: number
  failed: number
}

export interface DirectoryLog {
  info(message: string, fields: Readonly<Record<string, string>>): void
  warn(message: string, fields: Readonly<Record<string, string>>): void
}

/**
 * Sign-in through directories, which are asked with the first sign-in and not before.
 * @returns undefined where there are none: then nothing of it is loaded
 * @throws PARAMETER_INVALID where one can't be used as it is set
 */
export async function openDirectorySignIn(setup: DirectoriesSetup): Promise<SignsInElsewhere | undefined> {
  const { metadata, now, newId, requireWritable, log } = setup
  if (setup.places.length === 0) return undefined
  return new DirectorySignIn({
    directories: await openDirectories(setup),
    store: metadata,
    accounts: directoryAccounts({
      store: metadata,
      newId,
      requireWritable,
      made: (account) => log.info('made an account for who signed in through a directory', account),
    }),
    limits: new SignInLimits(setup.rates, now),
    now,
    ambiguous: (of) => log.warn('several entries of a directory answer to one name, which can’t sign in', of),
  })
}

/** @throws PARAMETER_INVALID */
export async function openDirectories({
  places,
  now,
  log,
  tally = { answered: 0, failed: 0 },
}: Pick<DirectoriesSetup, 'places' | 'now' | 'log' | 'tally'>): Promise<Directory[]> {
  const { openLdapDirectory } = await import('./ldap/ldap-directory.ts')
  const told = ({ directory, away, why }: { directory: string; away: boolean; why: string }) =>
    away
      ? log.warn('a directory does not answer: its people can’t sign in', { directory, why })
      : log.info('a directory answers again', { directory })
  const refused = (of: { directory: string; why: string }) =>
    log.warn('a directory refuses what a sign-in needs', of)
  const asked = (outcome: keyof DirectoryTally) => {
    tally[outcome] += 1
  }
  return Promise.all(
    places.map(async (server) => {
      try {
        return await openLdapDirectory({ server, now, told, asked, refused })
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        throw new RegistryError('PARAMETER_INVALID', `the directory ${server.name} can’t be used: ${why}`, {
          cause: error,
        })
      }
    }),
  )
}
