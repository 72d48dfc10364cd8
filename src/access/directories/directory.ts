/** Somebody, as a directory knows him. */
export interface Person {
  /** Where his entry is now; it moves when he does. */
  readonly dn: string
  /** What his entry is for good, and no other is. */
  readonly subject: string
  /** What he is called there, and his account's name is made from. */
  readonly login: string
  readonly email: string | undefined
  /** Names of groups, where his entry itself says them. */
  readonly memberOf: readonly string[]
}

/** How somebody is looked for: by what he signs in as, or by what he is for good. */
export type Sought = { readonly login: string } | { readonly subject: string }

/** People with passwords that somebody else keeps. Each method throws DIRECTORY_UNAVAILABLE where it can't be asked. */
export interface Directory extends DirectoryRules {
  /** Those who may sign in and are meant; of several, two are told: nobody is to be taken for another. */
  find(sought: Sought): Promise<readonly Person[]>
  /**
   * Whether it is his password.
   * @param person undefined: there is none, and finding that out takes as long as a wrong password does
   */
  verify(person: Person | undefined, password: string): Promise<boolean>
  /** Names of the groups that he is in. */
  groupsOf(person: Person): Promise<readonly string[]>
}

/** What is made of what a directory says. Times are milliseconds. */
export interface DirectoryRules {
  readonly name: string
  readonly teams: readonly TeamRule[]
  /** Groups whose members are administrators; undefined: the directory does not say. */
  readonly admins: readonly string[] | undefined
  /** How long what it said of somebody holds. */
  readonly recheck: number
  /** How long tokens go on while it does not answer. */
  readonly outage: number
}

export interface TeamRule {
  /** The group's whole name, or the value of its first attribute. */
  readonly group: string
  readonly organisation: string
  readonly team: string
}

/** What accounts of the directory's people are bound to. */
export function issuerOf({ name }: { name: string }): string {
  return `ldap:${name}`
}

/** `ldap:corp` → `corp`; undefined: no directory's. */
export function directoryNameOf(issuer: string): string | undefined {
  return issuer.startsWith('ldap:') ? issuer.slice('ldap:'.length) : undefined
}
