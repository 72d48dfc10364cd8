import { expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { commandNames, loadCommand } from '../../src/cli/commands.ts'

const root = join(import.meta.dir, '../..')

interface Line {
  readonly where: string
  readonly words: readonly string[]
}

/** The command lines of Berth that a page prints in its blocks, and in the text between backticks. */
function commandLines(where: string, page: string): Line[] {
  const whole = page.replaceAll(/\\\n\s*/g, ' ')
  const blocks = [...whole.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap(([, block]) =>
    (block ?? '').split('\n').map((line) => line.replace(/\s#.*$/, '')),
  )
  const inText = [...whole.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(
    ([, text]) => text ?? '',
  )
  return [...blocks, ...inText].flatMap((text) =>
    [...text.matchAll(/(?:^|[|&;(]|\$ |bin\/)\s*(?:sudo )?berth ((?:[a-z][\w-]*)[^|&;)\n]*)/g)].map(
      ([, line]) => ({
        where,
        words: (line ?? '').trim().split(/\s+/),
      }),
    ),
  )
}

const pages = [
  'README.md',
  ...(await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
]
const lines = (
  await Promise.all(pages.map(async (page) => commandLines(page, await Bun.file(join(root, page)).text())))
).flat()

function nameOf({ words }: Line): string | undefined {
  return [3, 2, 1].map((count) => words.slice(0, count).join(' ')).find((name) => commandNames.includes(name))
}

test('every command that the pages print is there', () => {
  expect(lines.length).toBeGreaterThan(100)
  const groups = new Set(commandNames.map((name) => name.split(' ')[0] ?? ''))
  // `berth tag` stands for all that begins so.
  const unknown = lines.filter(
    (line) => !nameOf(line) && !(line.words.length === 1 && groups.has(line.words[0] ?? '')),
  )
  expect(unknown.map(({ where, words }) => `${where}: berth ${words.join(' ')}`)).toEqual([])
})

test('every flag that the pages print is one of its command', async () => {
  const wrong: string[] = []
  for (const line of lines) {
    const help = (await loadCommand(nameOf(line) ?? ''))?.help() ?? ''
    const flags = line.words
      .map((word) => /^(--[a-z][\w-]*)/.exec(word)?.[1])
      .filter((flag) => flag !== undefined)
    const unknown = flags.filter((flag) => flag !== '--help' && !new RegExp(`${flag}\\b(?!-)`).test(help))
    if (unknown.length > 0) wrong.push(`${line.where}: berth ${line.words.join(' ')}`)
  }
  expect(wrong).toEqual([])
})
