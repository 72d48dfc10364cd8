import { run } from './children.ts'
import type { Contender } from './contender.ts'

const interval = 100
const longestWait = 10_000

/** Ends what earlier turns left behind, so that nobody pays for another's load: dirty pages, and work without a client. */
export async function settle(contenders: readonly Contender[], directory: string): Promise<void> {
  await run(['sync', '--file-system', directory])
  await untilQuiet(contenders)
}

/**
 * Waits until the servers have let go of the processor. One that has just lost a thousand clients is busy for seconds
 * with answers that nobody takes, and the next one's turn would pay for it.
 */
async function untilQuiet(contenders: readonly Contender[]): Promise<void> {
  const deadline = performance.now() + longestWait
  let before = await used(contenders)
  while (performance.now() < deadline) {
    await Bun.sleep(interval)
    const now = await used(contenders)
    if (now - before < (interval / 1_000) * 0.2) return
    before = now
  }
}

async function used(contenders: readonly Contender[]): Promise<number> {
  const seconds = await Promise.all(contenders.map((contender) => contender.processorSeconds()))
  return seconds.reduce((sum, value) => sum + value, 0)
}
