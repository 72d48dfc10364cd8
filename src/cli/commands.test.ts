import { expect, test } from 'bun:test'
import { commands } from './commands.ts'

test('every command is listed once', () => {
  const names = commands.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

test('no command hides behind the first word of another', () => {
  const words = commands.map(({ name }) => name).filter((name) => !name.includes(' '))
  for (const { name } of commands) if (name.includes(' ')) expect(words).not.toContain(name.split(' ')[0])
})

test.each(commands.map((command) => [command.name, command] as const))(
  'the help of %s says how it is used, within the width of a terminal',
  (name, command) => {
    const help = command.help()
    expect(help).toContain(`Usage: berth ${name}`)
    expect(help.endsWith('\n')).toBe(true)
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  },
)
