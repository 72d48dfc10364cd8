import type {
  AuditEvent,
  AuditKey,
  AuditOutcome,
  AuditPosition,
  ReadsAudit,
} from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import { instant, isAge, type MomentOptions, parseMoment } from '../moment.ts'

/** Which events; undefined: whichever. */
export interface AuditFilter {
  /** The name of who did it. */
  readonly user?: string | undefined
  /** Such as `tag:set`, or `tag:*` for all that is done to tags. */
  readonly action?: string | undefined
  readonly repository?: string | undefined
  readonly outcome?: AuditOutcome | undefined
  /** Milliseconds since 1970; inclusive. */
  readonly since?: number | undefined
  /** Exclusive. */
  readonly until?: number | undefined
  readonly order: 'newest' | 'oldest'
}

export interface AuditPage extends AuditFilter {
  /** The `next` of the page before; empty for the first. */
  readonly after: string
  readonly limit: number
}

/** Times are ISO 8601. */
export interface AuditItem {
  readonly id: string
  readonly at: string
  /** When the first of `count` alike was; null: it was one. */
  readonly since: string | null
  readonly who: string
  readonly kind: string
  readonly account: string | null
  readonly token: string | null
  readonly address: string | null
  readonly request: string | null
  readonly action: string
  readonly repository: string | null
  readonly digest: string | null
  readonly subject: string | null
  readonly detail: unknown
  readonly outcome: AuditOutcome
  readonly count: number
}

export interface AuditList {
  readonly events: readonly AuditItem[]
  readonly next: string | null
}

/** Rows that one query looks through, while others wait. */
const together = 500
/** Rows that one page is looked for in: what is left is for the next, which may begin with nothing. */
const mostLooked = 20_000

/** A page of events. It may hold fewer than asked for, and there may be others all the same: `next` tells. @throws PARAMETER_INVALID */
export async function listAudit(metadata: ReadsAudit, page: AuditPage): Promise<AuditList> {
  const { order, since = 0, until = Number.MAX_SAFE_INTEGER, after, limit } = page
  const { key, matches } = searchFor(page)
  const end = order === 'newest' ? since : until - 1
  let behind: AuditPosition =
    after === '' ? { at: order === 'newest' ? until : since, writer: '', sequence: 0 } : positionOf(after)
  const events: AuditItem[] = []
  for (let looked = 0; looked < mostLooked; ) {
    const wanted = matches ? together : limit
    const rows = await metadata.listAudit({ key, order, behind, end, limit: wanted })
    for (const row of rows) {
      behind = row
      if (matches && !matches(row)) continue
      events.push(itemOf(row))
      if (events.length === limit) return { events, next: cursorOf(behind) }
    }
    if (rows.length < wanted) return { events, next: null }
    looked += rows.length
    // Others are to have their turn, where a query holds up the thread.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { events, next: cursorOf(behind) }
}

/** By what the rows are found, which is what leaves the fewest, and what is left to look at in each of them. */
function searchFor({ user, action, repository, outcome }: AuditFilter): {
  key: AuditKey
  matches: ((event: AuditEvent) => boolean) | undefined
} {
  const checks: ((event: AuditEvent) => boolean)[] = []
  const keys: AuditKey[] = []
  const consider = (key: AuditKey | undefined, check: (event: AuditEvent) => boolean) => {
    if (key && keys.length === 0) keys.push(key)
    else checks.push(check)
  }
  if (outcome !== undefined)
    consider(
      outcome === 'done' ? undefined : { by: 'outcome', value: outcome },
      (event) => event.outcome === outcome,
    )
  if (repository !== undefined)
    consider({ by: 'repository', value: repository }, (event) => event.repository === repository)
  if (user !== undefined) consider({ by: 'who', value: user }, (event) => event.who === user)
  if (action?.endsWith(':*')) checks.push((event) => event.action.startsWith(action.slice(0, -1)))
  else if (action !== undefined) consider({ by: 'action', value: action }, (event) => event.action === action)
  return {
    key: keys[0] ?? { by: 'time' },
    matches: checks.length === 0 ? undefined : (event) => checks.every((check) => check(event)),
  }
}

function itemOf(event: AuditEvent): AuditItem {
  const { writer, sequence, at, since, detail, ...rest } = event
  return {
    id: `${writer}-${sequence}`,
    at: instant(at),
    since: since === null ? null : instant(since),
    who: rest.who,
    kind: rest.kind,
    account: rest.account,
    token: rest.token,
    address: rest.address,
    request: rest.request,
    action: rest.action,
    repository: rest.repository,
    digest: rest.digest,
    subject: rest.subject,
    detail: detail === null ? null : readDetail(detail),
    outcome: rest.outcome,
    count: rest.count,
  }
}

/** Somebody may have written something else into the row: that is for `verify` to tell. */
function readDetail(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function cursorOf({ at, writer, sequence }: AuditPosition): string {
  return `${at}.${writer}.${sequence}`
}

function positionOf(cursor: string): AuditPosition {
  const [, at, writer, sequence] = /^(\d{1,16})\.([0-9a-f]{1,64})\.(\d{1,16})$/.exec(cursor) ?? []
  if (at === undefined || writer === undefined || sequence === undefined)
    throw new RegistryError('PARAMETER_INVALID', 'after is the `next` of a page of the audit log')
  return { at: Number(at), writer, sequence: Number(sequence) }
}

/** A time at which a list begins or ends: one given to the second is the beginning of it. @throws PARAMETER_INVALID */
export function parseBoundary(text: string, options: MomentOptions): number {
  const at = parseMoment(text, options)
  return isAge(text) || text.includes('.') ? at : Math.floor(at / 1000) * 1000
}

/** All events that the filter lets through, page after page. */
export async function* everyEvent(
  metadata: ReadsAudit,
  filter: AuditFilter,
): AsyncGenerator<readonly AuditItem[]> {
  for (let after: string | null = ''; after !== null; ) {
    const page: AuditList = await listAudit(metadata, { ...filter, after, limit: together })
    if (page.events.length > 0) yield page.events
    after = page.next
  }
}
