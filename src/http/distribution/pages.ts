import { RegistryError } from '../../oci/errors.ts'

/** Entries of a page that asks for no number. */
export const defaultPage = 10_000

export interface PageParameters {
  readonly limit: number
  /** Exclusive; empty for the first page. */
  readonly after: string
}

/**
 * Reads `n` and `last`.
 * @param largest entries that one page has at most, however many are asked for
 * @throws PAGINATION_NUMBER_INVALID
 */
export function pageParameters(parameters: URLSearchParams, { largest = defaultPage } = {}): PageParameters {
  const n = parameters.get('n')
  const last = parameters.get('last') ?? ''
  if (n !== null && !/^\d{1,15}$/.test(n)) {
    throw new RegistryError('PAGINATION_NUMBER_INVALID', 'n must be a whole number, 0 or more', {
      detail: { n: n.slice(0, 50) },
    })
  }
  return {
    limit: n === null ? largest : Math.min(Number(n), largest),
    // What no name can be sorts somewhere all the same, but a database refuses it as text.
    after: last.includes('\0') ? '\u{10ffff}' : last.slice(0, 1000).toWellFormed(),
  }
}

/** The Link to the next page (RFC 5988). @param rest further parameters that it must keep */
export function nextLink(
  path: string,
  page: PageParameters,
  next: string,
  rest: Record<string, string> = {},
): string {
  const query = new URLSearchParams({ ...rest, last: next, n: String(page.limit) })
  return `<${path}?${query}>; rel="next"`
}
