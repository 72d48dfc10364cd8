/**
 * A name that sorts behind those that were given before: by the moment, and within one by their order in this process.
 * @param at milliseconds since 1970, by the database's clock
 */
export function orderedId(at: number): string {
  const moment = Math.max(at, latest.moment)
  latest = { moment, count: moment === latest.moment ? latest.count + 1 : 0 }
  const random = crypto.getRandomValues(new Uint8Array(5)).toHex()
  return `${moment.toString(16).padStart(12, '0')}-${latest.count.toString(16).padStart(6, '0')}-${random}`
}

let latest = { moment: 0, count: 0 }
