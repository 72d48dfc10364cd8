import { describe, expect, test } from 'bun:test'
import { PassThrough } from 'node:stream'
import { confirm } from './confirm.ts'

/** A terminal on which somebody answers; undefined: nobody, and the input ends. */
function terminal(answer: string | undefined, isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY })
  const output = new PassThrough()
  let shown = ''
  output.on('data', (chunk) => {
    shown += chunk
  })
  if (answer === undefined) input.end()
  else input.write(`${answer}\n`)
  return { terminal: { input, output }, shown: () => shown }
}

async function outcome(answer: string | undefined, options = { yes: false, forGood: false }, isTTY = true) {
  const { terminal: on, shown } = terminal(answer, isTTY)
  const result = await confirm('Delete it?', options, on).then(
    () => 'done',
    (error: Error) => error.name,
  )
  return { result, shown: shown() }
}

describe('a confirmation', () => {
  test.each(['y', 'Y', 'yes', ' yes '])('goes on after %p', async (answer) => {
    expect((await outcome(answer)).result).toBe('done')
  })

  test.each(['', 'n', 'no', 'yess', 'delete'])('ends after %p', async (answer) => {
    const { result, shown } = await outcome(answer)
    expect(result).toBe('CommandError')
    expect(shown).toContain('Delete it? [y/N]')
  })

  test('ends where the terminal goes away', async () => {
    expect((await outcome(undefined)).result).toBe('CommandError')
  })

  test('is not asked for with --yes', async () => {
    const { result, shown } = await outcome(undefined, { yes: true, forGood: true })
    expect([result, shown]).toEqual(['done', ''])
  })

  test('needs --yes without a terminal only where nothing brings it back', async () => {
    expect((await outcome(undefined, { yes: false, forGood: true }, false)).result).toBe('UsageError')
    expect((await outcome(undefined, { yes: false, forGood: false }, false)).result).toBe('done')
  })
})
