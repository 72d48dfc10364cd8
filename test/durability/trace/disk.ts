import { dirname } from 'node:path'
import { type Call, isMkdir, isRename, isSync, pathOf, targetOf } from './calls.ts'
import { numbersAfter, stringsOf } from './strings.ts'

/** What a power cut leaves of what was not synced: asked for each write and each name. */
export interface Luck {
  data(): boolean
  name(): boolean
}

/** A file or directory, whatever its names are. */
interface Node {
  readonly directory: boolean
  synced: Uint8Array<ArrayBuffer>
  readonly pending: Write[]
}

type Write = { readonly at: number; readonly bytes: Uint8Array } | { readonly length: number }

/** One entry of a directory that came or went. */
interface Naming {
  readonly path: string
  readonly node: Node | undefined
}

/**
 * A disk that remembers what of a trace was made durable: bytes by a sync of their file, names by a sync of their
 * directory, and nothing by anything else.
 */
export class Disk {
  readonly #root: string
  /** As the running system sees it. */
  readonly #names = new Map<string, Node>()
  readonly #durable = new Map<string, Node>()
  #namings: Naming[] = []

  /** @param root a directory that was there before; what is outside of it is nobody's business */
  constructor(root: string) {
    this.#root = root
  }

  apply(call: Call): void {
    const path = pathOf(call)
    if (!path?.startsWith(`${this.#root}/`) && path !== this.#root) return
    // SQLite's index of its log is in memory, and made anew after a crash.
    if (path.endsWith('-shm') || (call.result ?? -1) < 0) return
    if (isMkdir(call)) this.#name(path, newNode(true))
    else if (isRename(call)) this.#rename(path, targetOf(call) ?? '')
    else if (call.name.startsWith('link')) this.#link(path, targetOf(call) ?? '')
    else if (call.name.startsWith('unlink')) this.#name(path, undefined)
    else if (call.name === 'openat') this.#open(path, call)
    else if (isSync(call)) this.#sync(path)
    else this.#write(path, call)
  }

  /** What is there after a power cut: bytes by path; undefined for a directory. */
  left(luck: Luck): Map<string, Uint8Array<ArrayBuffer> | undefined> {
    const names = new Map(this.#durable)
    for (const { path, node } of this.#namings) {
      if (!luck.name()) continue
      if (node) names.set(path, node)
      else names.delete(path)
    }
    const left = new Map<string, Uint8Array<ArrayBuffer> | undefined>()
    const reachable = (path: string): boolean =>
      path === this.#root || (names.get(path)?.directory === true && reachable(dirname(path)))
    for (const [path, node] of names) {
      if (!reachable(dirname(path))) continue
      left.set(path, node.directory ? undefined : contentOf(node, luck))
    }
    return left
  }

  #open(path: string, call: Call): void {
    const node = this.#names.get(path)
    if (!node && call.args.includes('O_CREAT')) this.#name(path, newNode(false))
    else if (node && call.args.includes('O_TRUNC')) node.pending.push({ length: 0 })
  }

  #write(path: string, call: Call): void {
    const node = this.#names.get(path)
    if (!node) return
    if (call.name === 'ftruncate') {
      node.pending.push({ length: numbersAfter(call)[0] ?? 0 })
    } else if (call.name === 'pwrite64' || call.name.startsWith('pwritev')) {
      const bytes = Buffer.concat(stringsOf(call)).subarray(0, call.result)
      node.pending.push({ at: numbersAfter(call).at(-1) ?? 0, bytes })
    } else if (/^(?:write|writev|fallocate|copy_file_range|sendfile|splice)$/.test(call.name)) {
      throw new Error(`${path} is written in a way that the replay does not know: ${call.name}`)
    }
  }

  #rename(from: string, to: string): void {
    const node = this.#names.get(from)
    if (!node) throw new Error(`${from} is renamed, and was never made`)
    this.#name(from, undefined)
    this.#name(to, node)
  }

  #link(from: string, to: string): void {
    const node = this.#names.get(from)
    if (!node) throw new Error(`${from} gets another name, and was never made`)
    this.#name(to, node)
  }

  #name(path: string, node: Node | undefined): void {
    if (node) this.#names.set(path, node)
    else this.#names.delete(path)
    this.#namings.push({ path, node })
  }

  #sync(path: string): void {
    const node = this.#names.get(path)
    if (node && !node.directory) {
      node.synced = contentOf(node, { data: () => true, name: () => true })
      node.pending.length = 0
      return
    }
    for (const { path: named, node: entry } of this.#namings.filter(
      (naming) => dirname(naming.path) === path,
    )) {
      if (entry) this.#durable.set(named, entry)
      else this.#durable.delete(named)
    }
    this.#namings = this.#namings.filter((naming) => dirname(naming.path) !== path)
  }
}

function newNode(directory: boolean): Node {
  return { directory, synced: new Uint8Array(), pending: [] }
}

function contentOf({ synced, pending }: Node, luck: Luck): Uint8Array<ArrayBuffer> {
  let content = synced
  for (const write of pending) {
    if (!luck.data()) continue
    const length = 'length' in write ? write.length : Math.max(content.length, write.at + write.bytes.length)
    const next = new Uint8Array(length)
    next.set(content.subarray(0, length))
    if ('bytes' in write) next.set(write.bytes, write.at)
    content = next
  }
  return content
}
