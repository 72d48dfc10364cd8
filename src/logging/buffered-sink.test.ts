import { afterEach, describe, expect, test } from 'bun:test'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../../test/support/berth.ts'
import { BufferedSink } from './buffered-sink.ts'

const opened: number[] = []

afterEach(() => {
  for (const descriptor of opened.splice(0)) closeSync(descriptor)
})

async function sinkToFile() {
  const path = join(await temporaryDirectory(), 'log')
  const descriptor = openSync(path, 'w')
  opened.push(descriptor)
  return { sink: new BufferedSink(descriptor), written: () => readFileSync(path, 'utf8') }
}

function linesFrom(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${first + index} ${'x'.repeat(80)}\n`)
}

/** Said instead of comparing whole logs: what the first line that is missing, repeated or torn reads. */
function firstDifference(text: string, lines: readonly string[]): string | undefined {
  const read = text.split(/(?<=\n)/)
  if (read.join('') === lines.join('')) return undefined
  const at = read.findIndex((line, index) => line !== lines[index])
  return `line ${at} of ${lines.length} reads ${JSON.stringify(read[at])}`
}

async function untilWritten(written: () => string, length: number): Promise<void> {
  const deadline = Date.now() + 5000
  while (written().length < length && Date.now() < deadline) await Bun.sleep(5)
}

describe('a sink to a file', () => {
  test('writes a line shortly after it came', async () => {
    const { sink, written } = await sinkToFile()
    sink.write('one\n')
    sink.write('two\n')
    expect(written()).toBe('')
    await untilWritten(written, 8)
    expect(written()).toBe('one\ntwo\n')
  })

  test('writes all lines of a flood, in order', async () => {
    const { sink, written } = await sinkToFile()
    const lines = linesFrom(0, 20_000)
    for (const [index, line] of lines.entries()) {
      sink.write(line)
      if (index % 1000 === 0) await Bun.sleep(0)
    }
    await untilWritten(written, lines.join('').length)
    expect(firstDifference(written(), lines)).toBeUndefined()
  })

  test('has every line when it ends', async () => {
    const { sink, written } = await sinkToFile()
    sink.write('last words\n')
    sink.end()
    expect(written()).toBe('last words\n')
  })

  test('has every line once when it ends in the middle of a flood', async () => {
    const { sink, written } = await sinkToFile()
    const lines = linesFrom(0, 2000)
    for (const line of lines) sink.write(line)
    sink.end()
    await Bun.sleep(50)
    expect(firstDifference(written(), lines)).toBeUndefined()
  })

  test('ends twice without harm', async () => {
    const { sink, written } = await sinkToFile()
    sink.write('once\n')
    sink.end()
    sink.end()
    expect(written()).toBe('once\n')
  })

  test('goes on when nobody reads the log any more', () => {
    const sink = new BufferedSink(-1)
    sink.write('unheard\n')
    expect(() => sink.end()).not.toThrow()
  })
})

describe('a sink to a pipe', () => {
  const source = join(import.meta.dir, 'buffered-sink.ts')

  function printing(count: number, end: string) {
    const program = `
      import { BufferedSink } from ${JSON.stringify(source)}
      const sink = new BufferedSink(1)
      for (let line = 0; line < ${count}; line += 1) {
        sink.write('line ' + line + ' ' + 'x'.repeat(80) + '\\n')
        if (line % 500 === 0) await Bun.sleep(0)
      }
      ${end}
    `
    return Bun.spawn([process.execPath, '--eval', program], { stdout: 'pipe', stderr: 'inherit' })
  }

  test('waits for a slow reader and loses no line', async () => {
    const child = printing(10_000, '')
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true })
      await Bun.sleep(1)
    }
    expect(await child.exited).toBe(0)
    expect(firstDifference(text, linesFrom(0, 10_000))).toBeUndefined()
  })

  test('has every line once when it ends while the reader is behind', async () => {
    const child = printing(5000, 'sink.end()')
    await Bun.sleep(100)
    const text = await child.stdout.text()
    expect(await child.exited).toBe(0)
    expect(firstDifference(text, linesFrom(0, 5000))).toBeUndefined()
  })

  test('holds little more than its lines, however long its reader stands still', async () => {
    const program = `
      import { BufferedSink } from ${JSON.stringify(source)}
      const sink = new BufferedSink(1)
      sink.write('x'.repeat(1024 * 1024) + '\\n')
      await Bun.sleep(200)
      const before = process.memoryUsage().arrayBuffers
      for (let line = 0; line < 25; line += 1) {
        sink.write('line ' + line + '\\n')
        await Bun.sleep(110)
      }
      console.error(process.memoryUsage().arrayBuffers - before)
      process.exit(0)
    `
    const unread = '"$0" --eval "$1" | sleep 5 2>/dev/null'
    const child = Bun.spawn(['sh', '-c', unread, process.execPath, program], { stderr: 'pipe' })
    const held = await child.stderr.text()
    expect(held).toMatch(/^-?\d+\n$/)
    expect(Number(held)).toBeLessThan(5 * 64 * 1024)
    await child.exited
  }, 30_000)
})
