import { access, type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Keeps this many directories open: the 256 of one digest algorithm, and a few. */
const openDirectories = 300

/**
 * Directories whose entries survive a power cut: each that is made is synced into its parent, and a rename into one
 * is durable once `sync` resolves. Syncs of one directory that are asked for while one runs share the next.
 */
export class DurableDirectories {
  readonly #made = new Set<string>()
  readonly #handles = new Map<string, Promise<FileHandle>>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #next = new Map<string, Promise<void>>()

  /** Makes the directory and those above it, durably. Even one that was there is synced into its parent once. */
  async make(path: string): Promise<void> {
    if (this.#made.has(path)) return
    const parent = dirname(path)
    if (!(await makeDirectory(path))) {
      await this.make(parent)
      if (!(await makeDirectory(path)))
        throw new Error(`${path} could not be made: ${parent} went away again`)
    }
    await this.sync(parent)
    this.#made.add(path)
  }

  /**
   * Does work on entries of the directory, which is made if it is not there. Where somebody removed it since it was made,
   * it is made again and the work is done once more.
   */
  async inside<T>(path: string, work: () => Promise<T>): Promise<T> {
    await this.make(path)
    try {
      return await work()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' || (await isThere(path))) throw error
      await this.#forget(path)
      await this.make(path)
      return work()
    }
  }

  /** Resolves when every entry made in the directory before the call is durable. */
  sync(path: string): Promise<void> {
    const running = this.#running.get(path)
    if (!running) return this.#start(path)
    // The one that runs may have begun before the caller's rename.
    let next = this.#next.get(path)
    if (!next) {
      next = running.then(
        () => this.#startNext(path),
        () => this.#startNext(path),
      )
      this.#next.set(path, next)
    }
    return next
  }

  async close(): Promise<void> {
    for (const handle of this.#handles.values()) await handle.then((opened) => opened.close())
    this.#handles.clear()
  }

  /** The directory is not the one that was made: neither need be those above it. */
  async #forget(path: string): Promise<void> {
    for (let gone = path; this.#made.delete(gone); gone = dirname(gone)) {
      const handle = this.#handles.get(gone)
      this.#handles.delete(gone)
      await handle?.then((opened) => opened.close())
    }
  }

  #startNext(path: string): Promise<void> {
    this.#next.delete(path)
    return this.#start(path)
  }

  #start(path: string): Promise<void> {
    const sync = this.#open(path)
      .then((handle) => handle.sync())
      .finally(() => {
        if (this.#running.get(path) === sync) this.#running.delete(path)
      })
    this.#running.set(path, sync)
    return sync
  }

  #open(path: string): Promise<FileHandle> {
    let handle = this.#handles.get(path)
    if (!handle) {
      handle = open(path, 'r')
      this.#handles.set(path, handle)
      handle.catch(() => this.#handles.delete(path))
      this.#closeOldest(path)
    }
    return handle
  }

  #closeOldest(wanted: string): void {
    for (const [path, handle] of this.#handles) {
      if (this.#handles.size <= openDirectories) return
      if (path === wanted || this.#running.has(path) || this.#next.has(path)) continue
      this.#handles.delete(path)
      void handle.then((opened) => opened.close())
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** @returns false where the directory above is missing */
async function makeDirectory(path: string): Promise<boolean> {
  try {
    // What is in there is for the registry to show, not for other users of the machine.
    await mkdir(path, { mode: 0o700 })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return true
    if (code === 'ENOENT') return false
    throw error
  }
}
