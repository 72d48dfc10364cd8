import type { LineSink } from '../../logging/logger.ts'

/** Passes on what a worker prints, whole lines at a time, so that lines of several never mix. */
export async function passLines(printed: AsyncIterable<Uint8Array>, sink: LineSink): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of printed) {
    const text = rest + decoder.decode(chunk, { stream: true })
    const end = text.lastIndexOf('\n') + 1
    if (end > 0) sink.write(text.slice(0, end))
    rest = text.slice(end)
  }
  // The process was killed in the middle of a line.
  if (rest !== '') sink.write(`${rest}\n`)
}
