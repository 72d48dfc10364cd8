/** What Bun takes unless it is told otherwise. Bytes. */
const usual = 16 * 1024

/**
 * Sets how long a request's line and headers together may be, for every listener of this process: what is longer Bun's
 * parser refuses with 431, in its own words, and closes the connection.
 * @param most bytes
 */
export async function boundHeaders(most: number): Promise<void> {
  if (most === usual) return
  // Bun keeps it under Node's name for it; there as here it can be set, which Node's types don't know.
  const http = (await import('node:http')).default as { maxHeaderSize: number }
  http.maxHeaderSize = most
  if (http.maxHeaderSize !== most) throw new Error(`headers can't be bound to ${most} bytes`)
}
