/**
 * Makes dist/berth, one binary with everything in it but the C library, and dist/rootfs, the files of the container
 * image: the binary, the shared libraries that it asks for, certificates; dist/data is its empty data directory. What is in
 * them stands in dist/berth.cdx.json and, with the system's files, in the image.
 */
import { copyFile, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Sbom } from './sbom/document.ts'
import { requireAllNamed, sbomOfBinary, sbomOfImage, sbomOfSource } from './sbom/sbom.ts'

const root = join(import.meta.dir, '..')
const binary = join(root, 'dist/berth')
const rootfs = join(root, 'dist/rootfs')

await rm(join(root, 'dist'), { recursive: true, force: true })
await mkdir(rootfs, { recursive: true })
const sbom = await sbomOfBinary(await compile(await sbomOfSource(root)), binary)
await writeJson(join(root, 'dist/berth.cdx.json'), sbom)
await assembleRootfs()
console.log(`dist/berth, ${((await stat(binary)).size / 1024 / 1024).toFixed(0)} MiB`)

/** @returns the SBOM, which names all that was bundled */
async function compile(sbom: Sbom): Promise<Sbom> {
  const build = await Bun.build({
    // The writing thread is an entry of its own, so that the binary carries it.
    entrypoints: [join(root, 'src/main.ts'), join(root, 'src/metadata/sqlite/writer.worker.ts')],
    root: join(root, 'src'),
    compile: { outfile: binary },
    // Read at each start: code that is compiled already, in pieces, so that a command loads only what it uses.
    format: 'esm',
    bytecode: true,
    splitting: true,
    minify: { syntax: true, whitespace: true },
    sourcemap: 'none',
    metafile: true,
  })
  for (const message of build.logs) console.error(message)
  if (!build.success) process.exit(1)
  requireAllNamed(sbom, Object.keys(build.metafile?.inputs ?? {}))
  return sbom
}

async function assembleRootfs(): Promise<void> {
  await install(binary, '/usr/bin/berth')
  const libraries = sharedLibraries(binary)
  for (const library of libraries) await install(library, library)
  const trusted = certificates()
  await install(trusted, '/etc/ssl/certs/ca-certificates.crt')
  // Known as one by its ending, wherever it lies.
  await writeJson(
    join(rootfs, 'usr/share/sbom/berth.cdx.json'),
    await sbomOfImage(sbom, [...libraries, trusted]),
  )
  await mkdir(join(rootfs, 'etc'), { recursive: true })
  await writeFile(join(rootfs, 'etc/passwd'), 'berth:x:65532:65532:Berth:/var/lib/berth:/sbin/nologin\n')
  await writeFile(join(rootfs, 'etc/group'), 'berth:x:65532:\n')
  // Beside the root: what the image's user owns.
  await mkdir(join(root, 'dist/data'), { recursive: true })
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`)
}

async function install(from: string, to: string): Promise<void> {
  const target = join(rootfs, to)
  await mkdir(dirname(target), { recursive: true })
  await copyFile(from, target)
}

/** The libraries that the dynamic linker would load, itself among them. */
function sharedLibraries(executable: string): string[] {
  const { stdout, exitCode } = Bun.spawnSync(['ldd', executable])
  if (exitCode !== 0) throw new Error('ldd, of the C library, is needed to build the image')
  return stdout
    .toString()
    .split('\n')
    .map((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1])
    .filter((path) => path !== undefined)
}

function certificates(): string {
  const known = [
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/ssl/cert.pem',
  ]
  const found = known.find((path) => Bun.spawnSync(['test', '-r', path]).exitCode === 0)
  if (!found) throw new Error(`CA certificates are needed to build the image; looked for ${known.join(', ')}`)
  return found
}
