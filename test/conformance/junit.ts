/*
 * Reads the JUnit files that Go's encoding/xml writes: no comments, no CDATA, every `<`, `&` and quote of a text escaped,
 * so that a tag is found by its name alone.
 */

export interface Element {
  readonly tag: string
  readonly content: string
}

/** Every element of that name, in order; such elements do not nest. */
export function elements(xml: string, name: string): Element[] {
  const pattern = new RegExp(`(<${name}\\b[^>]*>)([^]*?)</${name}>`, 'g')
  return [...xml.matchAll(pattern)].map(([, tag = '', content = '']) => ({ tag, content }))
}

export function attributesOf(tag: string): Partial<Record<string, string>> {
  const pairs = [...tag.matchAll(/([\w-]+)="([^"]*)"/g)]
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, unescaped(value)]))
}

/** What the first element of that name holds, trimmed; empty without one. */
export function text(xml: string, name: string): string {
  return unescaped(elements(xml, name)[0]?.content ?? '').trim()
}

const named: Partial<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescaped(escaped: string): string {
  return escaped.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
    return decimal ? String.fromCodePoint(Number(decimal)) : (named[name] ?? whole)
  })
}
