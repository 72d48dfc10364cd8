/** What of CycloneDX 1.5 is written here: https://cyclonedx.org/docs/1.5/json/ */
export interface Sbom {
  readonly $schema: string
  readonly bomFormat: 'CycloneDX'
  readonly specVersion: string
  readonly serialNumber: string
  readonly version: number
  readonly metadata: {
    readonly timestamp: string
    readonly lifecycles?: readonly { readonly phase: string }[]
    readonly component: Component
  }
  readonly components: readonly Component[]
  readonly dependencies: readonly Dependency[]
}

export interface Component {
  readonly 'bom-ref': string
  readonly type: 'application' | 'file' | 'library' | 'operating-system'
  readonly name: string
  readonly version?: string
  readonly purl?: string
  readonly cpe?: string
  readonly description?: string
  readonly hashes?: readonly Hash[]
  readonly licenses?: readonly unknown[]
}

export interface Hash {
  readonly alg: 'SHA-256' | 'SHA-512'
  readonly content: string
}

export interface Dependency {
  readonly ref: string
  readonly dependsOn?: readonly string[]
}

/** The document with more in it, on which the component of that reference depends. */
export function withParts(sbom: Sbom, whole: string, parts: readonly Component[]): Sbom {
  const refs = parts.map((part) => part['bom-ref'])
  return {
    ...sbom,
    components: [...sbom.components, ...parts],
    dependencies: [
      ...sbom.dependencies.map((entry) =>
        entry.ref === whole ? { ...entry, dependsOn: [...(entry.dependsOn ?? []), ...refs] } : entry,
      ),
      ...refs.map((ref) => ({ ref })),
    ],
  }
}

export async function sha256(path: string): Promise<Hash> {
  const hash = new Bun.CryptoHasher('sha256')
  for await (const piece of Bun.file(path).stream()) hash.update(piece)
  return { alg: 'SHA-256', content: hash.digest('hex') }
}
