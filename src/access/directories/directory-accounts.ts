import type { AdmittedOutsider } from '../../metadata/changes/outsiders.ts'
import type { ChangesMetadata, FindsUsers } from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import { accountNamesFor } from './account-names.ts'
import { type Directory, issuerOf, type Person } from './directory.ts'
import { rightsOf } from './group-names.ts'

export interface DirectoryAccounts {
  /**
   * The account of somebody whom a directory has just vouched for, brought up to what it says of him: his groups, and
   * that he is there.
   * @throws NAME_TAKEN where no name for an account is free; UNAUTHORIZED where one can't be made now
   */
  admit(directory: Directory, person: Person): Promise<AdmittedAccount>
  /** Ends what somebody was signed in with: his directory does not know him any more. */
  withdraw(identity: { issuer: string; subject: string }): Promise<void>
}

type AdmittedAccount = Pick<AdmittedOutsider, 'id' | 'name' | 'generation' | 'disabled'>

export interface DirectoryAccountsOptions {
  readonly store: ChangesMetadata & Pick<FindsUsers, 'findUserByIdentity'>
  newId(): string
  /** @throws READ_ONLY */
  requireWritable(): Promise<void>
  /** Told of each account that is made. */
  made(account: { name: string; login: string; directory: string }): void
}

export function directoryAccounts({
  store,
  newId,
  requireWritable,
  made,
}: DirectoryAccountsOptions): DirectoryAccounts {
  const admit = async (directory: Directory, person: Person): Promise<AdmittedAccount> => {
    await requireWritable()
    const groups = await directory.groupsOf(person)
    const { subject, login, email } = person
    const admitted = await store.change(
      'admitOutsider',
      {
        issuer: issuerOf(directory),
        subject,
        login,
        email: email ?? null,
        id: newId(),
        names: accountNamesFor(person, directory.name),
        ...rightsOf(directory, groups),
      },
      byDirectory(issuerOf(directory)),
    )
    if (admitted.created) made({ name: admitted.name, login, directory: directory.name })
    return admitted
  }
  return {
    async admit(directory, person) {
      try {
        return await admit(directory, person)
      } catch (error) {
        if (isCode(error, 'READ_ONLY')) {
          // Nothing is written now; who has an account goes on with it as it is.
          const identity = { issuer: issuerOf(directory), subject: person.subject }
          const found = await store.findUserByIdentity(identity)
          if (found) return found
          throw new RegistryError(
            'READ_ONLY',
            'the registry is read-only for now: an account for you is made later',
          )
        }
        // Another made an account of the name in between: the next look finds it taken.
        if (isCode(error, 'NAME_TAKEN')) return admit(directory, person)
        throw error
      }
    },
    async withdraw(identity) {
      try {
        await requireWritable()
        await store.change('withdrawOutsider', identity, byDirectory(identity.issuer))
      } catch (error) {
        if (!isCode(error, 'READ_ONLY')) throw error
      }
    },
  }
}

/** It is the directory's word that changes an account. */
function byDirectory(caller: string) {
  return { caller, kind: 'server', account: null, accessToken: null, address: null, request: null } as const
}

function isCode(error: unknown, code: RegistryError['code']): boolean {
  return error instanceof RegistryError && error.code === code
}
