import type { ParseArgsConfig } from 'node:util'
import type { Management } from '../../client/management.ts'
import type { Command, ExitCode } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { columns } from '../output/columns.ts'
import { isJson } from '../output/result.ts'
import { besideServer, managementFlags, managementHelp, openManagement } from './management.ts'

type Options = NonNullable<ParseArgsConfig['options']>
type Flags<O extends Options> = O & typeof managementFlags
type Values<O extends Options> = ReturnType<typeof parseCommandLine<Flags<O>>>['values']

interface Managing<O extends Options> {
  readonly name: string
  readonly summary: string
  /** What the help says first. */
  readonly about: string
  /** What the command takes in order, as its usage shows it: `USER`. */
  readonly takes?: readonly string[]
  /** How the usage shows what it takes, where that is more than a row. */
  readonly shown?: string
  /** How the usage shows its own flags. */
  readonly usage?: string
  readonly options?: O
  readonly flags?: readonly [string, string][]
  readonly examples: readonly string[]
  /** Whether it may make the first account, for which servers on shared stores wait. */
  readonly begins?: boolean
  run(given: Given<O>): Promise<ExitCode | undefined>
}

interface Given<O extends Options> {
  readonly values: Values<O>
  readonly names: readonly string[]
  /** The registry that the flags name: asked for once everything else is understood. */
  open(): Promise<Management>
}

/** A command that manages a registry: its help, its flags, and both ways to the registry. */
export function managing<const O extends Options = Record<never, never>>(command: Managing<O>): Command {
  const { name, summary, about, takes = [], usage = '', flags = [], examples, begins = false } = command
  const options = { ...command.options, ...managementFlags } as Flags<O>
  const line = ['berth', name, command.shown ?? takes.join(' '), usage, '[FLAGS]']
    .filter((part) => part !== '')
    .join(' ')
  return {
    name,
    summary,
    help: () => `${about}

Usage: ${line}

${besideServer}

Flags:
${columns([...flags, ...managementHelp])}

${examples.length > 1 ? 'Examples' : 'Example'}:
${examples.map((example) => `  ${example}\n`).join('')}`,
    async run(args) {
      const { values, positionals } = parseCommandLine(args, { options, takes })
      isJson(values)
      const open = async () => openManagement(values, { begins })
      return (await command.run({ values, names: positionals, open })) ?? 0
    },
  }
}
