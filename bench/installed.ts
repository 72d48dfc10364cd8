/** A program that the benchmark needs is missing, or is another one than it should be. */
export class NotInstalled extends Error {}

/** @returns where the program is. @throws NotInstalled, saying how to get it */
export function installed(program: string, remedy: string): string {
  const path = Bun.which(program)
  if (!path) throw new NotInstalled(`${program} is not installed: ${remedy}`)
  return path
}
