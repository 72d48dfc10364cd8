import { describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../support/berth.ts'
import { run } from '../support/command.ts'
import { DistributionTree } from '../support/distribution-tree.ts'
import { berthExecutable } from '../support/imports.ts'
import { requireTools } from '../support/require.ts'

/** A system call, by the lines of the trace at which it began and ended. */
interface Call {
  readonly text: string
  readonly began: number
  ended: number
}

/** Reads what `strace -f` wrote: a call that another thread interrupts stands on two lines. */
function callsIn(trace: string): Call[] {
  const calls: Call[] = []
  const open = new Map<string, Call>()
  for (const [line, text] of trace.split('\n').entries()) {
    const [thread = '', rest = ''] = text.split(/ +(.*)/s)
    const resumed = rest.startsWith('<...') ? open.get(thread) : undefined
    if (resumed) {
      resumed.ended = line
      continue
    }
    const call = { text: rest, began: line, ended: line }
    if (rest.includes('<unfinished')) open.set(thread, call)
    calls.push(call)
  }
  return calls
}

describe.skipIf(!requireTools(['strace']))('a blob that is linked', () => {
  test('is durable, and its row before it, in the order that a power cut asks for', async () => {
    const tree = new DistributionTree(await temporaryDirectory())
    tree.image('app', ['layer'], { tags: ['1'] })
    const home = await temporaryDirectory()
    const [data, log] = [join(home, 'data'), join(home, 'trace')]
    const traced = [
      '-f',
      '-y',
      '-s',
      '1000',
      '-e',
      'trace=link,linkat,mkdir,mkdirat,fsync,fdatasync',
      '-o',
      log,
    ]
    await run('strace', [...traced, berthExecutable, 'import', 'registry', tree.directory, '--data', data])
    const calls = callsIn(await readFile(log, 'utf8'))
    const layer = tree.data('layer')
    const folder = join(data, 'blobs/sha256', layer.slice('sha256:'.length).slice(0, 2))
    const next = (after: Call | undefined, ...parts: string[]) => {
      const found = calls.find(
        ({ text, began }) => began > (after?.ended ?? -1) && parts.every((part) => text.includes(part)),
      )
      if (!found) throw new Error(`no ${parts.join(' ')} behind ${after?.text ?? 'the start'}`)
      return found
    }
    const journal = 'metadata.sqlite-wal>'
    const bytes = next(undefined, 'sync(', `${tree.dataFile(layer)}>`)
    const row = next(bytes, 'sync(', journal)
    const name = next(row, 'link', tree.dataFile(layer))
    const directory = next(name, 'sync(', `${folder}>`)
    next(directory, 'sync(', journal)
    // No link was there before; and the directory that it came into was durable itself.
    expect(
      calls.filter(({ text }) => text.startsWith('link') && text.includes(tree.dataFile(layer))),
    ).toEqual([name])
    const made = next(undefined, 'mkdir', `"${folder}"`)
    expect(next(made, 'sync(', `${join(data, 'blobs/sha256')}>`).ended).toBeLessThan(name.began)
  })
})
