import { visibleTo } from '../access/listing.ts'
import { type Exchange, json, parameters } from './exchange.ts'

const defaultResults = 25
const mostResults = 100

/** `GET /v1/_ping`: docker asks before it searches. */
export function ping(exchange: Exchange): Response {
  return json(exchange, { standalone: true })
}

/** `GET /v1/search?q=TERM&n=COUNT`: what `docker search HOST/TERM` understands, and it understands only a 200. */
export async function search(exchange: Exchange): Promise<Response> {
  const query = parameters(exchange)
  const term = (query.get('q') ?? '').trim().toLowerCase()
  const asked = Number.parseInt(query.get('n') ?? '', 10)
  const limit = Number.isNaN(asked) ? defaultResults : Math.min(Math.max(asked, 1), mostResults)
  const visible = await visibleTo(exchange.registry.metadata, exchange.identity)
  const names = await visible.searchRepositories({ term, limit })
  return json(exchange, {
    query: term,
    num_results: names.length,
    results: names.map((name) => ({
      name,
      description: '',
      star_count: 0,
      is_official: name.startsWith('library/') || !name.includes('/'),
      is_automated: false,
    })),
  })
}
