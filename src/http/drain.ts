import type { RunningServer } from './server.ts'

/**
 * Takes nothing new and lets transfers finish, for at most `patience` milliseconds.
 * @returns whether every transfer came to its end in time; the others are cut off
 */
export async function drained(server: RunningServer, patience: number): Promise<boolean> {
  const late = Symbol()
  const timer = Promise.withResolvers<typeof late>()
  const timeout = setTimeout(() => timer.resolve(late), patience)
  const outcome = await Promise.race([server.drain(), timer.promise])
  clearTimeout(timeout)
  if (outcome !== late) return true
  await server.close()
  return false
}
