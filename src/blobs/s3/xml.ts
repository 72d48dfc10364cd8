/** The little XML that S3 speaks: elements without attributes that matter, one below the other. */

/** The contents of each element of this name, in order. */
export function elements(xml: string, name: string): string[] {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g')
  return Array.from(xml.matchAll(pattern), (match) => match[1] ?? '')
}

/** The text of the first element of this name. */
export function textOf(xml: string, name: string): string | undefined {
  const [first] = elements(xml, name)
  return first === undefined ? undefined : decoded(first)
}

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"'\r\n]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decoded(text: string): string {
  return text.replaceAll(
    /&(?:#(\d+)|#x([0-9a-fA-F]+)|(amp|lt|gt|quot|apos));/g,
    (whole, decimal, hex, name) => {
      if (name) return named[name] ?? whole
      const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
}
