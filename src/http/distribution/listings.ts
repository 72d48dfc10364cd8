import { visibleTo } from '../../access/listing.ts'
import { isDigest, parseDigest } from '../../oci/digest.ts'
import { mediaTypes } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import * as listings from '../../registry/listings.ts'
import { listReferrers } from '../../registry/referrers.ts'
import { type Exchange, json, parameters } from '../exchange.ts'
import { nextLink, pageParameters } from './pages.ts'

/** Each entry carries annotations: a page of them stays below what clients accept (4 MiB) in all but odd cases. */
const referrersPage = 500

export async function getTags(exchange: Exchange, repository: RepositoryName): Promise<Response> {
  const query = pageParameters(parameters(exchange))
  const { entries, next } = await listings.listTags(exchange.registry, { repository, ...query })
  const link = next === undefined || query.limit === 0 ? {} : { Link: nextLink(exchange.path, query, next) }
  return json(exchange, { name: repository, tags: entries }, link)
}

export async function getCatalog(exchange: Exchange): Promise<Response> {
  const query = pageParameters(parameters(exchange))
  const visible = await visibleTo(exchange.registry.metadata, exchange.identity)
  const { entries, next } = await listings.listRepositories(visible, query)
  const link = next === undefined || query.limit === 0 ? {} : { Link: nextLink(exchange.path, query, next) }
  return json(exchange, { repositories: entries }, link)
}

export async function getReferrers(
  exchange: Exchange,
  repository: RepositoryName,
  text: string,
): Promise<Response> {
  const subject = parseDigest(text)
  const query = parameters(exchange)
  const artifactType = query.get('artifactType') ?? ''
  const page = pageParameters(query, { largest: referrersPage })
  const { referrers, next } = await listReferrers(exchange.registry, {
    repository,
    subject,
    // No manifest has a type that is not text.
    artifactType: artifactType.includes('\0') ? '\u{fffd}' : artifactType.toWellFormed(),
    ...page,
    after: isDigest(page.after) ? page.after : '',
  })
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: referrers }
  const rest: Record<string, string> = artifactType ? { artifactType } : {}
  return json(exchange, index, {
    'Content-Type': mediaTypes.ociIndex,
    ...(artifactType ? { 'OCI-Filters-Applied': 'artifactType' } : {}),
    ...(next === undefined ? {} : { Link: nextLink(exchange.path, page, next, rest) }),
  })
}
