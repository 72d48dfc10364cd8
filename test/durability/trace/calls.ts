/** One system call of a traced process. */
export interface Call {
  readonly name: string
  /** As strace prints them. */
  readonly args: string
  /** What it returned; undefined where that was not seen. */
  readonly result: number | undefined
  /** Places in the trace: a call came after another when it began behind that one's end. */
  readonly began: number
  readonly ended: number
}

interface Begun {
  readonly name: string
  readonly args: string
  readonly began: number
}

/** Reads what `strace -f` wrote: calls of several threads, in pieces where they overlap. In the order of their ends. */
export function parseTrace(text: string): Call[] {
  const calls: Call[] = []
  const unfinished = new Map<string, Begun>()
  for (const [place, line] of text.split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest)
    if (resumed) {
      const begun = unfinished.get(thread)
      unfinished.delete(thread)
      if (begun && begun.name === resumed[1])
        calls.push(complete({ ...begun, args: begun.args + (resumed[2] ?? '') }, place))
      continue
    }
    const [, name, args = ''] = /^(\w+)\((.*)$/.exec(rest) ?? []
    if (!name) continue
    const cut = / ?<unfinished \.\.\.>$/
    if (cut.test(args)) unfinished.set(thread, { name, args: args.replace(cut, ''), began: place })
    else calls.push(complete({ name, args, began: place }, place))
  }
  return calls
}

function complete({ name, args, began }: Begun, ended: number): Call {
  const match = /^(.*)\)\s+= (-?\d+|0x[0-9a-f]+|\?)/s.exec(args)
  const result = match?.[2] === undefined || match[2] === '?' ? undefined : Number(match[2])
  return { name, args: match?.[1] ?? args, result, began, ended }
}

/** Whether the first was over before the second began. */
export function before(first: Call, second: Call): boolean {
  return first.ended < second.began
}

/** The file or directory that the call's first argument stands for: a descriptor, or a name. */
export function pathOf({ args }: Call): string | undefined {
  const descriptor = /^\d+<([^>]*)>/.exec(args)?.[1]?.replace(/ \(deleted\)$/, '')
  if (descriptor !== undefined) return descriptor
  return /^(?:AT_FDCWD(?:<[^>]*>)?, )?"([^"]*)"/.exec(args)?.[1]
}

/** Where a rename put it. */
export function targetOf({ args }: Call): string | undefined {
  return /^(?:AT_FDCWD(?:<[^>]*>)?, )?"[^"]*", (?:AT_FDCWD(?:<[^>]*>)?, )?"([^"]*)"/.exec(args)?.[1]
}

const writes: ReadonlySet<string> = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2'])
const syncs: ReadonlySet<string> = new Set(['fsync', 'fdatasync'])
const renames: ReadonlySet<string> = new Set(['rename', 'renameat', 'renameat2'])

export const isWrite = (call: Call) => writes.has(call.name)
export const isSync = (call: Call) => syncs.has(call.name) && call.result === 0
export const isRename = (call: Call) => renames.has(call.name) && call.result === 0
export const isMkdir = (call: Call) => call.name.startsWith('mkdir') && call.result === 0

/** An open that may have made the file. */
export const isCreation = (call: Call) =>
  call.name === 'openat' && call.args.includes('O_CREAT') && (call.result ?? -1) >= 0
