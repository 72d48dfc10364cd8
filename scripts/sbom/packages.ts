import { join } from 'node:path'
import type { Component, Dependency, Hash } from './document.ts'

/** What npm's lockfile says, of version 3. */
export interface Lockfile {
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockedPackage>>
}

export interface LockedPackage {
  readonly name?: string
  readonly version?: string
  readonly integrity?: string
  readonly license?: string
  readonly deprecated?: string
  /** Whether nothing but development needs it. */
  readonly dev?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export interface Packages {
  readonly components: readonly Component[]
  readonly dependencies: readonly Dependency[]
}

/** @param root the directory that has it */
export async function readLockfile(root: string): Promise<Lockfile> {
  const lockfile = (await Bun.file(join(root, 'package-lock.json')).json()) as Lockfile
  if (lockfile.lockfileVersion !== 3) throw new Error('the lockfile is not of version 3')
  return lockfile
}

/**
 * The packages that production needs, from the root's dependencies on. (`npm sbom --omit=dev` leaves out what a package
 * for development needs as well.)
 * @param ref the reference of the root
 */
export function packagesForProduction({ packages }: Lockfile, ref: string): Packages {
  const components = new Map<string, Component>()
  const dependencies = new Map<string, Dependency>()
  const visit = (place: string): string => {
    const own = place === '' ? ref : purlOf(packages, place)
    if (dependencies.has(own)) return own
    dependencies.set(own, { ref: own })
    if (place !== '') components.set(own, componentOf(packages, place))
    const needed = neededBy(packages, place).map(visit)
    dependencies.set(own, { ref: own, dependsOn: [...new Set(needed)].sort() })
    return own
  }
  visit('')
  const byRef = (a: { ref: string }, b: { ref: string }) => (a.ref < b.ref ? -1 : 1)
  return {
    components: [...components.values()].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
    dependencies: [...dependencies.values()].sort(byRef),
  }
}

/** Where the packages are that one needs. Those that hold Bun for each platform are Bun, which `bun` stands for. */
function neededBy(packages: Lockfile['packages'], place: string): string[] {
  const { dependencies, optionalDependencies, peerDependencies } = packages[place] ?? {}
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
  return names
    .filter((name) => !name.startsWith('@oven/bun-'))
    .map((name) => resolve(packages, name, place))
    .filter((found) => found !== undefined)
}

/** The nearest package of the name, as Node looks for it; undefined: an optional one that is not there. */
function resolve(packages: Lockfile['packages'], name: string, from: string): string | undefined {
  for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf('/node_modules/')))) {
    const candidate = `${place === '' ? '' : `${place}/`}node_modules/${name}`
    if (packages[candidate]) return candidate
    if (place === '') return undefined
  }
}

function componentOf(packages: Lockfile['packages'], place: string): Component {
  const { version = '', integrity, license } = packages[place] ?? {}
  const purl = purlOf(packages, place)
  return {
    'bom-ref': purl,
    type: 'library',
    name: nameOf(place),
    version,
    purl,
    ...(integrity ? { hashes: [hashOf(integrity)] } : {}),
    ...(license ? { licenses: [{ expression: license }] } : {}),
  }
}

function purlOf(packages: Lockfile['packages'], place: string): string {
  return `pkg:npm/${nameOf(place).replace('@', '%40')}@${packages[place]?.version}`
}

function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

/** `sha512-…` in Base64 → as CycloneDX writes it. */
function hashOf(integrity: string): Hash {
  const base64 = /^sha512-([A-Za-z0-9+/]+={0,2})$/.exec(integrity)?.[1]
  if (!base64) throw new Error(`a checksum of the lockfile is not SHA-512: ${integrity}`)
  return { alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }
}
