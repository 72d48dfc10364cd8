import { readdirSync, readFileSync } from 'node:fs'

/** Bytes per page and clock ticks per second: what Linux on x86-64 and arm64 counts in (getconf PAGESIZE, CLK_TCK). */
const pageSize = 4096
const ticksPerSecond = 100

/** Resident memory of a process and all below it, in MiB. */
export function residentMemory(pid: number): number {
  const pages = tree(pid).map((member) => Number(read(`/proc/${member}/statm`).split(' ')[1] ?? 0))
  return (sum(pages) * pageSize) / 1024 ** 2
}

/** Processor seconds that a process, all below it and the children it has waited for have used so far. */
export function processorSeconds(pid: number): number {
  return sum(tree(pid).map(ticks)) / ticksPerSecond
}

/** Watches the resident memory of a process tree; `stop` gives the peak in MiB. */
export function watchMemory(pid: number): { stop(): number } {
  let peak = residentMemory(pid)
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMemory(pid))
  }, 100)
  return {
    stop: () => {
      clearInterval(timer)
      return Math.max(peak, residentMemory(pid))
    },
  }
}

function tree(pid: number): number[] {
  const children = threads(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(tree)]
}

function ticks(pid: number): number {
  // The second field is the command's name in parentheses and may hold spaces: count from its end.
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number)
  return (utime ?? 0) + (stime ?? 0) + (cutime ?? 0) + (cstime ?? 0)
}

function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** A process may end between being listed and being read: it counts as nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
