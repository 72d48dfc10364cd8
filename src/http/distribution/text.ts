/** Whether a database takes it as text: no NUL, no half of a surrogate pair. */
export function isWellFormedText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}
