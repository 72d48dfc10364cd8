/** Files and their bytes. */
export class Tally {
  count = 0
  bytes = 0

  add(bytes: number): void {
    this.count += 1
    this.bytes += bytes
  }
}
