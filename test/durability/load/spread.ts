/** Origins that stand for several servers. */
const spreads = new Map<string, () => string>()

/**
 * An origin for the load generator behind which several servers answer in turn, request by request, as behind a load
 * balancer that keeps nobody to one of them.
 * @param servers those that are there at the moment
 */
export function spreadOver(servers: () => readonly string[]): string {
  const origin = `http://spread-${spreads.size}.test`
  let requests = 0
  spreads.set(origin, () => {
    const there = servers()
    requests += 1
    const next = there[requests % there.length]
    if (next === undefined) throw new Error('there is no server to ask')
    return next
  })
  return origin
}

/** Where a request to the address goes. */
export function targetOf(address: string): string {
  const origin = /^http:\/\/spread-\d+\.test/.exec(address)?.[0]
  const next = origin === undefined ? undefined : spreads.get(origin)
  return origin === undefined || next === undefined ? address : next() + address.slice(origin.length)
}
