import { join } from 'node:path'
import { run } from '../children.ts'
import { acceptedManifests } from './push.ts'

export interface WrkLoad {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** Bytes that every answer has at the least: shorter ones mean that something else was measured. */
  readonly length: number
}

/** Answers per second. @throws when any answer was an error, was cut off, or was too short */
export async function requestRate({ url, connections, seconds, length }: WrkLoad): Promise<number> {
  const output = await run([
    'wrk',
    // One thread keeps up with every server here and leaves them the other core.
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    // An answer that takes long is slow, not wrong.
    '--timeout=30s',
    `--header=Accept: ${acceptedManifests}`,
    `--script=${join(import.meta.dir, 'wrk.lua')}`,
    url,
  ])
  const counted: Counted = JSON.parse(output.trim().split('\n').at(-1) ?? '')
  const wrong = complaint(counted, length)
  if (wrong) throw new Error(`${url}: ${wrong}`)
  return counted.requests / (counted.microseconds / 1e6)
}

interface Counted {
  readonly requests: number
  readonly microseconds: number
  readonly bytes: number
  readonly non2xx: number
  readonly broken: number
}

function complaint({ requests, bytes, non2xx, broken }: Counted, length: number): string | undefined {
  if (requests === 0) return 'wrk got no answer at all'
  if (non2xx > 0) return `wrk reports ${non2xx} of ${requests} answers that were not 2xx`
  if (broken > 0) return `wrk reports ${broken} connections that failed`
  if (bytes / requests < length) {
    return `answers had ${Math.round(bytes / requests)} bytes on average, where each should have ${length}`
  }
  return undefined
}
