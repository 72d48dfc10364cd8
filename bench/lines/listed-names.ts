import type { Contender, DataSet } from '../contender.ts'
import type { Target } from './wrk-line.ts'

/** How much there is to list in a data set. */
export interface ListingSize {
  readonly set: DataSet
  readonly tags: number
  readonly repositories: number
}

const pageSize = 100
/** Sorts behind all others, so that no first page of the catalog shows it. */
const tagged = 'zz/tagged'

/** @returns the first page of tags, checked */
export async function tagsPage(contender: Contender, size: ListingSize): Promise<Target> {
  await seedListings(contender, size)
  const { url } = await contender.instance(size.set)
  const page = `${url}/v2/${tagged}/tags/list?n=${pageSize}`
  const { body, length } = await listing(page)
  const tags: string[] = body.tags ?? []
  const whole = !contender.product.pagesTags && tags.length === size.tags
  checkNames(page, whole ? tags.sort().slice(0, pageSize) : tags, tagNames(pageSize))
  return { url: page, length }
}

/** @returns the first page of the catalog, checked */
export async function catalogPage(contender: Contender, size: ListingSize): Promise<Target> {
  await seedListings(contender, size)
  const { url } = await contender.instance(size.set)
  const page = `${url}/v2/_catalog?n=${pageSize}`
  const { body, length } = await listing(page)
  checkNames(page, body.repositories ?? [], repositoryNames(pageSize))
  return { url: page, length }
}

/** Tags and repositories go in together: the big sets are to be slow to list because of both. */
export async function seedListings(contender: Contender, size: ListingSize): Promise<void> {
  const { product } = contender
  await contender.seed(size.set, 'listings', async (instance) => {
    await product.addRepositories(instance, repositoryNames(size.repositories))
    await product.addTags(instance, { repository: tagged, names: tagNames(size.tags) })
  })
}

function tagNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `v1.${String(index).padStart(6, '0')}`)
}

/** A thousand to a team, so that a registry that walks directories finds the same first page at every size. */
function repositoryNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const digits = String(index).padStart(6, '0')
    return `team-${digits.slice(0, 3)}/app-${digits.slice(3)}`
  })
}

async function listing(
  url: string,
): Promise<{ body: { tags?: string[]; repositories?: string[] }; length: number }> {
  const response = await fetch(url)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`GET ${url} was answered ${response.status}, not 200: ${text}`)
  return { body: JSON.parse(text), length: Buffer.byteLength(text) }
}

function checkNames(url: string, found: readonly string[], expected: readonly string[]): void {
  const first = expected.findIndex((name, index) => found[index] !== name)
  if (found.length !== expected.length || first >= 0) {
    const place = Math.max(0, first)
    throw new Error(
      `GET ${url} lists ${found.length} names, not ${expected.length}; at ${place}: ${found[place]}, not ${expected[place]}`,
    )
  }
}
