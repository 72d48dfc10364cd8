import type { Component } from './document.ts'

/** What Bun calls its parts, and what they are called elsewhere where that differs. */
const parts: Readonly<Record<string, string>> = {
  ares: 'c-ares',
  boringssl: 'boringssl',
  icu: 'icu',
  libarchive: 'libarchive',
  libdeflate: 'libdeflate',
  llhttp: 'llhttp',
  lolhtml: 'lol-html',
  lshpack: 'ls-hpack',
  mimalloc: 'mimalloc',
  picohttpparser: 'picohttpparser',
  sqlite: 'sqlite',
  tinycc: 'tinycc',
  usockets: 'usockets',
  uwebsockets: 'uwebsockets',
  webkit: 'webkit',
  zlib: 'zlib',
  zstd: 'zstd',
}

/** The other entries of `process.versions`: what Bun says that it is compatible with, or what it was made with. */
const noParts: ReadonlySet<string> = new Set([
  'bun',
  'modules',
  'napi',
  'node',
  'openssl',
  'typescript',
  'unicode',
  'uv',
  'v8',
  'zig',
])

/** What is compiled into the Bun that runs this, which is the one that goes into the binary. */
export function partsOfBun(versions: Readonly<Record<string, string | undefined>>): Component[] {
  const unknown = Object.keys(versions).filter((key) => !(key in parts) && !noParts.has(key))
  if (unknown.length > 0) throw new Error(`Bun has parts that the SBOM does not know: ${unknown.join(', ')}`)
  return Object.entries(parts).flatMap(([key, name]) => {
    const version = versions[key]
    if (version === undefined) return []
    const purl = `pkg:generic/${name}@${version}`
    const cpe = key === 'sqlite' ? { cpe: `cpe:2.3:a:sqlite:sqlite:${version}:*:*:*:*:*:*:*` } : {}
    return [{ 'bom-ref': purl, type: 'library' as const, name, version, purl, ...cpe }]
  })
}
