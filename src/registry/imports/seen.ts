const smallest = 1024
/** Whole numbers of this many bits are exact in a double. */
const bits = 52

/**
 * Which texts were seen, in 16 to 32 bytes for each: a source may have millions of blobs. What is kept is a hash; among
 * a million texts, one is taken for another with a probability of one in nine thousand. Good for counting, no more.
 */
export class Seen {
  /** 0 is an empty place. */
  #places = new Float64Array(smallest)
  #count = 0

  /** @returns false where it was seen before */
  add(text: string): boolean {
    if (this.#count * 2 >= this.#places.length) this.#grow()
    const added = put(this.#places, hashOf(text))
    if (added) this.#count += 1
    return added
  }

  #grow(): void {
    const places = new Float64Array(this.#places.length * 2)
    for (const hash of this.#places) if (hash !== 0) put(places, hash)
    this.#places = places
  }
}

function put(places: Float64Array, hash: number): boolean {
  // A length is a power of two, and a hash has more bits than `&` takes.
  let place = hash % places.length
  while (places[place] !== 0) {
    if (places[place] === hash) return false
    place = (place + 1) % places.length
  }
  places[place] = hash
  return true
}

function hashOf(text: string): number {
  return Number(BigInt.asUintN(bits, Bun.hash.wyhash(text))) || 1
}
