/** What tells one thing that happened from another, part by part: looking it up puts no text together. */
export type GatheredPath = readonly string[]

interface Branch<T> extends Map<string, Branch<T> | Leaf<T>> {}

interface Leaf<T> {
  readonly path: GatheredPath
  readonly value: T
}

/** Things by their paths, in the order in which they came. All paths that begin alike are of one length. */
export class Gathered<T> {
  readonly #root: Branch<T> = new Map()
  readonly #leaves: Leaf<T>[] = []

  get size(): number {
    return this.#leaves.length
  }

  get(path: GatheredPath): T | undefined {
    let found: Branch<T> | Leaf<T> | undefined = this.#root
    for (const part of path) {
      if (!(found instanceof Map)) return undefined
      found = found.get(part)
    }
    return found === undefined || found instanceof Map ? undefined : found.value
  }

  add(path: GatheredPath, value: T): void {
    const leaf = { path, value }
    let branch = this.#root
    for (const part of path.slice(0, -1)) {
      const next = branch.get(part)
      if (next instanceof Map) branch = next
      else {
        const made: Branch<T> = new Map()
        branch.set(part, made)
        branch = made
      }
    }
    branch.set(path.at(-1) ?? '', leaf)
    this.#leaves.push(leaf)
  }

  entries(): readonly Leaf<T>[] {
    return this.#leaves
  }
}
