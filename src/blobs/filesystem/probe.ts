import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { probeName } from './paths.ts'

/** Throws where the data can not be written. */
export async function probe(data: string): Promise<void> {
  const path = join(data, probeName)
  const file = await open(path, 'w')
  await file.close()
  // Somebody else who asks at the same moment may have removed it already.
  await rm(path, { force: true })
}
