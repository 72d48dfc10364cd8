/**
 * The value with bytes that are no part of a larger buffer: a message carries all of a buffer, however little of it is
 * meant. Copies only what holds such bytes.
 */
export function compact<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return compactBytes(value)
  if (Array.isArray(value)) {
    const entries = value.map(compact)
    return (entries.some((entry, index) => entry !== value[index]) ? entries : value) as T
  }
  let copy: Record<string, unknown> | undefined
  for (const [key, field] of Object.entries(value)) {
    const compacted = compact(field)
    if (compacted === field) continue
    copy ??= { ...value } as Record<string, unknown>
    copy[key] = compacted
  }
  return (copy as T | undefined) ?? value
}

function compactBytes<T>(view: T & ArrayBufferView): T {
  if (view.byteLength === view.buffer.byteLength && !Buffer.isBuffer(view)) return view
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice() as unknown as T
}
