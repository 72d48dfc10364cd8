import type { Contender } from '../contender.ts'
import { residentMemory } from '../process-tree.ts'
import { median } from '../statistics.ts'
import type { Line, LineContext } from './line.ts'
import { catalogPage, type ListingSize, seedListings, tagsPage } from './listed-names.ts'
import { bigListings, counted } from './listings.ts'

const requests = 5

/** A new process on the data of the big listings: when it answers, what it holds then, and its first pages. */
export function startLine({ scale }: LineContext): Line {
  const size = bigListings(scale.bigListing)
  const amount = counted(scale.bigListing)
  return {
    name: `start with ${amount} tags and ${amount} repositories`,
    metrics: [
      {
        key: 'start',
        label: `start to first answer, ${amount} tags and repositories`,
        unit: 'ms',
        reach: { below: 300 },
      },
      { key: 'memory', label: '  resident memory, idle', unit: 'MiB' },
      { key: 'tags', label: '  first tags page, one request at a time', unit: 'ms' },
      { key: 'catalog', label: '  first catalog page, one request at a time', unit: 'ms' },
    ],
    prepare: (contender) => seedListings(contender, size),
    measure: (contender) => measureStart(contender, size),
  }
}

async function measureStart(contender: Contender, size: ListingSize) {
  const instance = await contender.restart(size.set)
  await Bun.sleep(1_000)
  const memory = residentMemory(instance.pid)
  const catalog = await latency(`${instance.url}/v2/_catalog?n=100`)
  const { url } = await tagsPage(contender, size)
  const tags = await latency(url)
  await catalogPage(contender, size)
  return { start: instance.startedIn, memory, tags, catalog }
}

/** Median milliseconds of a few requests, each on a connection of its own. */
async function latency(url: string): Promise<number> {
  const taken: number[] = []
  for (let request = 0; request < requests; request++) {
    const begun = performance.now()
    const response = await fetch(url, { keepalive: false })
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`GET ${url} was answered ${response.status}, not 200`)
    taken.push(performance.now() - begun)
  }
  return median(taken)
}
