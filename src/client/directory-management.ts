/** What the directories are that people sign in through. */
export interface ManagesDirectories {
  /** Tries them as a sign-in would. @param sought.password to try as well */
  checkDirectories(sought: {
    login?: string | undefined
    password?: string | undefined
  }): Promise<{ readonly directories: readonly DirectoryCheck[] }>
}

export interface DirectoryCheck {
  readonly directory: string
  /** Why it could not be asked; null: it could. */
  readonly failure: string | null
  /** How many answer to the name: one may sign in. Null: none was looked for. */
  readonly entries: number | null
  readonly person: CheckedPerson | null
  /** Teams of the settings that the registry does not have. */
  readonly absentTeams: readonly string[]
}

export interface CheckedPerson {
  readonly dn: string
  readonly subject: string
  readonly login: string
  readonly email: string | null
  /** The account that he has or would get; null: no name is free. */
  readonly account: string | null
  readonly hasAccount: boolean
  readonly groups: readonly string[]
  readonly teams: readonly string[]
  /** Null: the directory does not say. */
  readonly admin: boolean | null
  /** Null: none was tried. */
  readonly passwordIsRight: boolean | null
}
