import type {
  ChangesMetadata,
  ChecksSignIn,
  ChecksWorkloads,
  DecidesAccess,
  FindsUsers,
  KeepsState,
} from '../../metadata/metadata-store.ts'
import type { SharesSignIns } from '../../rates/shared-rates.ts'
import type { Decide } from '../decide.ts'
import { fetchIssuerKeys } from '../workload/issuer-documents.ts'
import { IssuerKeys } from '../workload/issuer-keys.ts'
import { WorkloadSignIn } from '../workload/workload-sign-in.ts'
import { BearerTokens } from './bearer-tokens.ts'
import { watchClosing } from './closing.ts'
import { createPasswordHasher, type PasswordHasher } from './password-hashes.ts'
import { SignIn, type SignsInElsewhere } from './sign-in.ts'
import { SignInLimits } from './sign-in-limits.ts'
import { SigningKeys, storedSigningKeys } from './signing-keys.ts'
import { TokenService } from './token-service.ts'
import { TokenUses } from './token-uses.ts'

export interface SignInSetup {
  readonly metadata: ChecksSignIn &
    ChecksWorkloads &
    ChangesMetadata &
    KeepsState &
    FindsUsers &
    DecidesAccess
  readonly decide: Decide
  /** How clients reach the registry, where that is set: its name to them. */
  readonly url: string | undefined
  /** Where the wrong sign-ins of all processes are counted. */
  readonly rates: SharesSignIns
  readonly workload: WorkloadSettings
  /** Milliseconds since 1970. */
  now(): number
  newId(): string
  readonly hasher?: PasswordHasher
  /** Who keeps passwords beside the registry. */
  readonly elsewhere?: SignsInElsewhere | undefined
}

export interface WorkloadSettings {
  /** Milliseconds that what a job is given is good for, at the most. */
  readonly lifetime: number
  /** Issuers that may lie at private addresses, and speak plain HTTP. */
  readonly privateIssuers: readonly string[]
}

/** How callers are told apart, and get their tokens. */
export interface Callers {
  readonly signIn: SignIn
  readonly tokens: TokenService
  readonly workload: WorkloadSignIn
  /** Whether there is anybody to sign in as. */
  closed(): boolean | Promise<boolean>
  /** What others verify the tokens with. */
  publishedKeys(): Promise<object>
}

/** Seconds that a bearer token is good for: clients ask for another when it is over, and no less is understood by all. */
const tokenLifetime = 300

/** Puts sign-in together. Nothing runs, and no key is made, until somebody signs in. */
export async function openSignIn(
  setup: SignInSetup,
): Promise<Callers & { uses: TokenUses; limits: SignInLimits }> {
  const { metadata, decide, url, now, elsewhere } = setup
  const service = url === undefined ? 'berth' : new URL(url).host
  const issuer = url ?? `urn:berth:${(await metadata.getState('registry')) ?? 'registry'}`
  const keys = new SigningKeys(storedSigningKeys(metadata), now)
  const tokens = new BearerTokens({ keys, issuer, audience: service, lifetime: tokenLifetime, now })
  const uses = new TokenUses(metadata, now)
  const limits = new SignInLimits(setup.rates, now)
  const used = (accessToken: string) => uses.note(accessToken)
  const workload = new WorkloadSignIn({
    store: metadata,
    keys: new IssuerKeys(fetchIssuerKeys(setup.workload), now),
    lifetime: setup.workload.lifetime,
    now,
    newId: setup.newId,
    used,
  })
  return {
    signIn: new SignIn({
      store: metadata,
      hasher: setup.hasher ?? createPasswordHasher(),
      limits,
      tokens,
      workload,
      used,
      elsewhere,
    }),
    tokens: new TokenService({
      store: metadata,
      decide,
      tokens,
      service,
      ...(elsewhere && { requireStanding: (account: string) => elsewhere.requireStanding(account) }),
      now,
    }),
    workload,
    closed: watchClosing(metadata),
    publishedKeys: () => keys.published(),
    uses,
    limits,
  }
}
