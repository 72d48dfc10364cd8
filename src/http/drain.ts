import { away, inTime } from '../in-time.ts'
import type { RunningServer } from './server.ts'

/**
 * Takes nothing new and lets transfers finish, for at most `patience` milliseconds.
 * @returns whether every transfer came to its end in time; the others are cut off
 */
export async function drained(server: RunningServer, patience: number): Promise<boolean> {
  if ((await inTime(server.drain(), patience)) !== away) return true
  await server.close()
  return false
}
