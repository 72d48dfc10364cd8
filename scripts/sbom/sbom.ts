import { type Sbom, sha256, withParts } from './document.ts'
import { packagesForProduction, readLockfile } from './packages.ts'
import { partsOfBun } from './runtime.ts'
import { systemComponents } from './system-files.ts'

/**
 * What is in the binary: the lockfile's packages for production, Bun, and what Bun is made of.
 * @param root the directory that has the lockfile
 */
export async function sbomOfSource(root: string): Promise<Sbom> {
  const lockfile = await readLockfile(root)
  const { version = '', license = '' } = lockfile.packages[''] ?? {}
  const purl = `pkg:npm/berth@${version}`
  const packages = packagesForProduction(lockfile, purl)
  const bun = packages.components.find(({ name }) => name === 'bun')
  if (bun?.version !== Bun.version) {
    throw new Error(`the lockfile has Bun ${bun?.version}, and this is Bun ${Bun.version}: run npm install`)
  }
  const sbom: Sbom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${crypto.randomUUID()}`,
    version: 1,
    metadata: {
      timestamp: new Date().toISOString(),
      component: {
        'bom-ref': purl,
        type: 'application',
        name: 'berth',
        version,
        purl,
        licenses: [{ expression: license }],
      },
    },
    ...packages,
  }
  return withParts(sbom, bun['bom-ref'], partsOfBun(process.versions))
}

/** The same, with the checksum of the binary that it is of. */
export async function sbomOfBinary(sbom: Sbom, binary: string): Promise<Sbom> {
  const component = { ...sbom.metadata.component, hashes: [await sha256(binary)] }
  return { ...sbom, metadata: { ...sbom.metadata, lifecycles: [{ phase: 'build' }], component } }
}

/** The same, with what else the image holds. @param files of the distribution's, as they are in the image */
export async function sbomOfImage(sbom: Sbom, files: readonly string[]): Promise<Sbom> {
  return withParts(sbom, sbom.metadata.component['bom-ref'], await systemComponents(files))
}

/** @throws Error where something was bundled that the SBOM does not name. @param inputs paths of bundled files */
export function requireAllNamed(sbom: Sbom, inputs: readonly string[]): void {
  const named = new Set(sbom.components.map(({ name }) => name))
  const bundled = new Set(inputs.map(packageName).filter((name) => name !== undefined))
  const missing = [...bundled].filter((name) => !named.has(name))
  if (missing.length > 0) throw new Error(`bundled, and not in the SBOM: ${missing.join(', ')}`)
  if (bundled.size === 0) throw new Error('it can’t be seen what was bundled')
}

/** `node_modules/@hono/zod-openapi/dist/index.js` → `@hono/zod-openapi` */
function packageName(path: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
}
