import { RegistryError } from '../../oci/errors.ts'
import { fixedBeginning, longestPattern, mostWildcards, wildcardsIn } from './claim-pattern.ts'

/** Which tokens of whom are trusted. */
export interface TrustRule {
  /** As tokens name it, to the letter. */
  readonly issuer: string
  /** Whom the token must be for. */
  readonly audience: string
  /** What each of these claims must be; all of them. */
  readonly claims: Readonly<Record<string, string>>
}

const longestIssuer = 255
const longestAudience = 255
const longestClaimName = 100
const mostClaims = 10

/** @throws PARAMETER_INVALID, with words that say what to write */
export function parseTrustRule({ issuer, audience, claims }: TrustRule): TrustRule {
  requireIssuer(issuer)
  if (!isText(audience, longestAudience))
    throw invalid('the audience is missing: what the job asks its token for, such as this registry’s URL')
  const rules = Object.entries(claims)
  if (rules.length > mostClaims) throw invalid(`a trust has at most ${mostClaims} claims`)
  for (const [name, pattern] of rules) requireClaim(name, pattern)
  if (!rules.some(([name, pattern]) => namesWhose(name, pattern))) throw invalid(trustsEverybody)
  return { issuer, audience, claims: { ...claims } }
}

/** The URL that keys are asked for at. Whether it may be reached is looked at when it is. */
function requireIssuer(issuer: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  const fits =
    url !== undefined &&
    isText(issuer, longestIssuer) &&
    /^https?:$/.test(url.protocol) &&
    !/[?#@\\\s]/.test(issuer) &&
    // What the parser would change is no issuer's name: upper case, `..`, a port that goes without saying.
    (url.href === issuer || url.href === `${issuer}/`)
  if (fits) return
  throw invalid(
    'the issuer is the URL that tokens name as iss, to the letter: https://token.actions.githubusercontent.com for GitHub Actions, https://gitlab.com for GitLab',
  )
}

function requireClaim(name: string, pattern: string): void {
  if (!isText(name, longestClaimName))
    throw invalid('a claim is written NAME=VALUE, such as repository=acme/app')
  if (ownRules.has(name))
    throw invalid(`the claim ${name} is looked at by itself: leave it out of the trust’s claims`)
  if (!isText(pattern, longestPattern))
    throw invalid(`the claim ${name} has no value, or one of more than ${longestPattern} characters`)
  if (wildcardsIn(pattern) > mostWildcards)
    throw invalid(`the value of the claim ${name} has more than ${mostWildcards} wildcards`)
}

/** What a trust says elsewhere, or what every token is asked for. */
const ownRules: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/**
 * Claims that say whose job it is, at the large issuers and by the standard. What says only which workflow, branch or
 * person it was is none: everybody can run a job on a branch called main, with a workflow that others published.
 */
const whose: ReadonlySet<string> = new Set([
  'sub',
  'client_id',
  'azp',
  'repository',
  'repository_id',
  'repository_owner',
  'repository_owner_id',
  'workflow_ref',
  'project_id',
  'project_path',
  'namespace_id',
  'namespace_path',
  'organization_id',
  'organization_slug',
])

/** Whether a claim says whose job it is. */
export function identifies(name: string): boolean {
  return whose.has(name)
}

/** Whether a claim's rule lets in what belongs to somebody, and not everybody at the issuer. */
function namesWhose(name: string, pattern: string): boolean {
  if (!identifies(name)) return false
  const beginning = fixedBeginning(pattern)
  if (beginning === pattern) return true
  // Behind a label such as `repo:` the owner's name, to its end: `acme*` would be `acme-evil` too.
  const named = name === 'sub' ? beginning.replace(/^[\w-]+:/, '') : beginning
  return /^[^/:]+[/:]/.test(named)
}

const trustsEverybody =
  'this would let in every job of that issuer, whoever runs it: say whose with a claim such as repository=OWNER/NAME (GitHub), project_path=GROUP/PROJECT (GitLab) or sub=…, whose owner has no wildcard in it'

function isText(text: string, longest: number): boolean {
  return text !== '' && text.length <= longest && text.isWellFormed() && !/\p{Cc}/u.test(text)
}

function invalid(message: string): RegistryError {
  return new RegistryError('PARAMETER_INVALID', message)
}
