import { expect, test } from 'bun:test'
import { commandGroups, commandNames, loadAll, loadCommand } from './commands.ts'

test('every command is listed once', () => {
  const names = commandGroups.flatMap(({ commands }) => Object.keys(commands))
  expect(commandNames).toEqual(names)
  expect(new Set(names).size).toBe(names.length)
})

test('no command hides behind the first word of another', () => {
  const words = commandNames.filter((name) => !name.includes(' '))
  for (const name of commandNames)
    if (name.includes(' ')) expect(words).not.toContain(name.split(' ')[0] ?? '')
})

test('a command is loaded by its own name', async () => {
  const loaded = await loadAll(commandNames)
  expect(loaded.map(({ name }) => name)).toEqual([...commandNames])
  expect((await loadCommand('serve-worker'))?.name).toBe('serve-worker')
  for (const none of ['', 'toString', 'serve-worker x', 'user'])
    expect(await loadCommand(none)).toBeUndefined()
})

test.each(commandNames)(
  'the help of %s says how it is used, within the width of a terminal',
  async (name) => {
    const help = (await loadCommand(name))?.help() ?? ''
    expect(help).toContain(`Usage: berth ${name}`)
    expect(help.endsWith('\n')).toBe(true)
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  },
)
