import { once } from 'node:events'

/** Writes on stdout, no faster than its reader takes it: a long list must not gather in memory. */
export async function writeOut(text: string): Promise<void> {
  endWithReader()
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

let watching = false

/** A reader that went away, as `head` does, has read enough. */
function endWithReader(): void {
  if (watching) return
  watching = true
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}
