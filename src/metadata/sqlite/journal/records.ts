export type Value = string | number | null | Uint8Array

/** What became of one row: it is now so, or it is gone. Written again, it changes nothing. */
export type JournalRecord =
  | { readonly table: string; readonly is: 'so'; readonly values: readonly Value[] }
  | { readonly table: string; readonly is: 'gone'; readonly key: readonly Value[] }

/**
 * Records as bytes: the length of a JSON text, that text, and behind it the bytes that columns hold as they are. In the
 * text such a column is a list of its length alone.
 */
export function encodeRecords(records: readonly JournalRecord[]): Uint8Array[] {
  const blobs: Uint8Array[] = []
  const place = (value: Value) => {
    if (!(value instanceof Uint8Array)) return value
    blobs.push(value)
    return [value.length]
  }
  const rows = records.map((record) =>
    record.is === 'so'
      ? [record.table, 1, ...record.values.map(place)]
      : [record.table, 0, ...record.key.map(place)],
  )
  const json = new TextEncoder().encode(JSON.stringify(rows))
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, json.length)
  return [length, json, ...blobs]
}

/** @throws when the bytes are not what `encodeRecords` makes; their checksum said that they are */
export function decodeRecords(bytes: Uint8Array): JournalRecord[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const rows = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as unknown[][]
  let position = 4 + length
  const fill = (value: unknown): Value => {
    if (!Array.isArray(value)) return value as Value
    const start = position
    position += Number(value[0])
    return bytes.subarray(start, position)
  }
  return rows.map(([table, so, ...values]) =>
    so === 1
      ? { table: String(table), is: 'so', values: values.map(fill) }
      : { table: String(table), is: 'gone', key: values.map(fill) },
  )
}
