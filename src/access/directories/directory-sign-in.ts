import type { ChecksSignIn, StoredSignIn } from '../../metadata/metadata-store.ts'
import type { User } from '../identity.ts'
import { networkOf } from '../sign-in/addresses.ts'
import { longestPassword } from '../sign-in/password-rule.ts'
import { RememberedPasswords } from '../sign-in/remembered-passwords.ts'
import type { Credentials, SignsInElsewhere } from '../sign-in/sign-in.ts'
import type { SignInLimits } from '../sign-in/sign-in-limits.ts'
import { type Directory, issuerOf, type Person } from './directory.ts'
import type { DirectoryAccounts } from './directory-accounts.ts'
import { DirectoryStanding } from './directory-standing.ts'
import { ShortMemory } from './short-memory.ts'

export interface DirectorySignInOptions {
  /** In the order in which they are asked. */
  readonly directories: readonly Directory[]
  readonly store: ChecksSignIn
  readonly accounts: DirectoryAccounts
  /** For who is found, whatever he called himself. */
  readonly limits: SignInLimits
  /** Milliseconds since 1970. */
  now(): number
  /** Told of a name that several entries of a directory answer to. */
  ambiguous(of: { directory: string; login: string }): void
}

/**
 * Milliseconds for which a wrong password is not put to the directory again: a job that goes on with an old one would
 * have its owner locked out there.
 */
const wrongFor = 60_000
/** Letters of what people sign in as: more is nobody's. */
const longestLogin = 255

/** Sign-in with the password that a directory knows. */
export class DirectorySignIn implements SignsInElsewhere {
  readonly #options: DirectorySignInOptions
  readonly #standing: DirectoryStanding
  readonly #marks = new RememberedPasswords(0)
  /** Who came with a name and a password that were asked about a while ago; undefined: they were wrong. */
  readonly #answers: ShortMemory<{ readonly user: User | undefined }>

  constructor(options: DirectorySignInOptions) {
    this.#options = options
    this.#standing = new DirectoryStanding(options)
    this.#answers = new ShortMemory({ now: options.now })
  }

  async recall(
    { name, password }: Credentials,
    account: StoredSignIn | undefined,
  ): Promise<User | undefined> {
    const user = this.#answers.get(this.#marks.markOf(name, password))?.user
    return user && (await this.#stillHolds(user, account)) ? user : undefined
  }

  async withPassword(credentials: Credentials, account: StoredSignIn | undefined): Promise<User | undefined> {
    const { name, password, address } = credentials
    if (!isPossibleLogin(name) || password === '' || Buffer.byteLength(password) > longestPassword)
      return undefined
    const mark = this.#marks.markOf(name, password)
    const wrong = this.#answers.get(mark)
    if (wrong && !wrong.user) return undefined
    const found = await this.#find(name, account)
    if (!found) return undefined
    const { directory, person } = found
    if (!person) {
      await directory.verify(undefined, password)
      return undefined
    }
    const { now, accounts } = this.#options
    if (!(await this.#isRight(directory, person, { password, address }))) {
      this.#answers.set(mark, { user: undefined }, now() + wrongFor)
      return undefined
    }
    const { id, name: accountName, generation, disabled } = await accounts.admit(directory, person)
    if (disabled) return undefined
    const user: User = { kind: 'user', id, name: accountName, generation }
    this.#answers.set(mark, { user }, now() + directory.recheck)
    return user
  }

  /** Whether the account is as it was when the directory was asked. */
  async #stillHolds({ id, name, generation }: User, account: StoredSignIn | undefined): Promise<boolean> {
    // He may have signed in with another name than his account's.
    const found = account?.id === id ? account : await this.#options.store.findSignIn(name)
    return found?.id === id && found.generation === generation
  }

  requireStanding(account: string): void | Promise<void> {
    return this.#standing.require(account)
  }

  /** The directory that decides, and whom it found; undefined: none is to be asked. */
  async #find(
    login: string,
    account: StoredSignIn | undefined,
  ): Promise<{ directory: Directory; person: Person | undefined } | undefined> {
    const { directories, ambiguous } = this.#options
    const one = (directory: Directory, people: readonly Person[]) => {
      if (people.length > 1) ambiguous({ directory: directory.name, login })
      return { directory, person: people.length === 1 ? people[0] : undefined }
    }
    if (account) {
      const { outside } = account
      const directory = directories.find((candidate) => issuerOf(candidate) === outside?.issuer)
      if (!outside || !directory) return undefined
      const people = await directory.find({ login })
      // Who has the name there now may be another than whose account has it here: he has an account of his own.
      return one(directory, people.length > 0 ? people : await directory.find({ subject: outside.subject }))
    }
    for (const directory of directories) {
      // One that can't be asked may be the one that knows the name: no other answers for it.
      const people = await directory.find({ login })
      if (people.length > 0) return one(directory, people)
    }
    const last = directories.at(-1)
    return last && { directory: last, person: undefined }
  }

  async #isRight(
    directory: Directory,
    person: Person,
    { password, address }: { password: string; address: string },
  ): Promise<boolean> {
    // Counted once more by who it is: a directory takes many forms of a name for the same one. The address is counted
    // for itself, so that one wrong password is no two.
    const attempt = {
      name: `${issuerOf(directory)} ${person.subject}`,
      address: `directory ${networkOf(address)}`,
    }
    const right = await this.#options.limits.attempt(attempt, async () => {
      return (await directory.verify(person, password)) || undefined
    })
    return right === true
  }
}

/** What is no text that anybody is called is not asked for. */
function isPossibleLogin(name: string): boolean {
  return name !== '' && name.length <= longestLogin && !/[\p{Cc}\p{Cs}\ufffd]/u.test(name)
}
