import { RegistryError } from '../oci/errors.ts'

/**
 * How long a request waits for what other uploads have reserved of a quota. Milliseconds; drawn for each, so that of
 * several that wait for each other one gives up first, and the others go on with what it had.
 */
const patience = { least: 5000, most: 15_000 }
/** Between two attempts. Milliseconds. */
const pauses = { first: 20, longest: 500 }

/**
 * Does what takes room in a quota. Where only uploads that are under way are in the way, it waits for them: they may yet
 * turn out to be what the namespace holds already, or be given up.
 * @throws QUOTA_EXCEEDED at once, QUOTA_BUSY in the end
 */
export async function onceThereIsRoom<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + drawn(patience.least, patience.most)
  for (let pause = pauses.first; ; pause = Math.min(pause * 2, pauses.longest)) {
    try {
      return await attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
    }
    await Bun.sleep(drawn(pause / 2, pause))
  }
}

function drawn(from: number, to: number): number {
  return from + Math.random() * (to - from)
}

function isBusy(error: unknown): boolean {
  return error instanceof RegistryError && error.code === 'QUOTA_BUSY'
}

/** Whether a quota refused it: what was uploaded so far is of no use to anybody. */
export function isOverQuota(error: unknown): boolean {
  return error instanceof RegistryError && error.code.startsWith('QUOTA_')
}
