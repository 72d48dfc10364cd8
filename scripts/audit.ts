/**
 * Asks the package registry whether anything in the lockfile, development included, has a known vulnerability.
 * Exit codes: 0 nothing · 1 something, or the question could not be put · 3 the registry gave no answer, so that NOTHING
 * WAS CHECKED; with AUDIT_REQUIRED=true that is 1, too.
 */

/** What `npm audit --json` prints: a report, or why there is none. */
interface Printed {
  readonly auditReportVersion?: number
  readonly metadata?: { readonly vulnerabilities: { readonly total: number } }
  readonly vulnerabilities?: Readonly<Record<string, Vulnerable>>
  readonly message?: string
  readonly statusCode?: number
  readonly error?: { readonly code?: string; readonly summary?: string }
}

interface Vulnerable {
  readonly severity: string
  readonly range: string
  readonly via: readonly (string | { readonly title: string; readonly url: string })[]
}

const command = [
  'npm',
  'audit',
  '--json',
  '--package-lock-only',
  '--fetch-retries=1',
  '--fetch-timeout=60000',
]
const { stdout, stderr } = Bun.spawnSync(command)
process.exit(tell(parse(stdout.toString())))

function parse(text: string): Printed {
  try {
    return JSON.parse(text)
  } catch {
    return { message: `npm audit printed no JSON: ${text.slice(0, 500)}${stderr.toString().slice(0, 500)}` }
  }
}

function tell(printed: Printed): number {
  if (printed.auditReportVersion === 2 && printed.metadata) {
    const { total } = printed.metadata.vulnerabilities
    for (const [name, vulnerable] of Object.entries(printed.vulnerabilities ?? {}))
      console.error(describe(name, vulnerable))
    console.log(total === 0 ? 'no known vulnerability' : `${total} packages with known vulnerabilities`)
    return total === 0 ? 0 : 1
  }
  const why = printed.message ?? printed.error?.summary ?? 'npm audit gave no report'
  if (!isUnanswered(printed)) {
    console.error(`npm audit failed: ${why}`)
    return 1
  }
  console.error(`NOT AUDITED: the package registry does not tell of vulnerabilities (${why}).`)
  console.error('Nothing was checked: run `npm audit` where it does.')
  return process.env.AUDIT_REQUIRED === 'true' ? 1 : 3
}

/** What npm says where no answer came, or one from a registry that does not know the question. */
function isUnanswered({ statusCode, error, message = '' }: Printed): boolean {
  if (statusCode !== undefined) return statusCode === 404 || statusCode === 405 || statusCode >= 500
  const network =
    /\b(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|network timeout|socket hang up)\b/
  return network.test(`${error?.code ?? ''} ${message}`)
}

function describe(name: string, { severity, range, via }: Vulnerable): string {
  const reasons = via.map((reason) =>
    typeof reason === 'string' ? `through ${reason}` : `${reason.title} ${reason.url}`,
  )
  return `${name} ${range}, ${severity}: ${reasons.join('; ')}`
}
