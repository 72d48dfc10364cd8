import { realpath } from 'node:fs/promises'
import { type Component, sha256 } from './document.ts'

/**
 * The packages of the distribution that files of the image come from; a file that belongs to none stands for itself.
 * @param paths of this machine, as they are in the image
 */
export async function systemComponents(paths: readonly string[]): Promise<Component[]> {
  const release = await releaseOf('/etc/os-release')
  const found = new Map<string, Component>()
  for (const path of paths) {
    const component = (await packageOf(path, release)) ?? (await fileComponent(path))
    found.set(component['bom-ref'], component)
  }
  return [...found.values()]
}

interface Release {
  readonly id: string
  readonly version: string
}

async function releaseOf(path: string): Promise<Release> {
  const file = Bun.file(path)
  const text = (await file.exists()) ? await file.text() : ''
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? ''
  return { id: field('ID'), version: field('VERSION_ID') }
}

async function packageOf(path: string, { id, version }: Release): Promise<Component | undefined> {
  if (!Bun.which('dpkg-query') || id === '') return undefined
  // Directories such as /lib are links, and a package knows its files under one of the two names.
  const real = await realpath(path)
  const owner = [path, real, real.replace(/^\/usr/, '')]
    .map((each) => output(['dpkg-query', '--search', each]))
    .find((text) => text !== undefined)
  const name = owner?.split(': ')[0]?.split(',')[0]
  // Made when it was configured, and so nobody's file.
  const package_ = name ?? (path === '/etc/ssl/certs/ca-certificates.crt' ? 'ca-certificates' : undefined)
  if (package_ === undefined) return undefined
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg’s own placeholders
  const format = '${Package} ${Version} ${Architecture}'
  const fields = output(['dpkg-query', '--show', '--showformat', format, package_])
  const [plain = '', release = '', architecture = ''] = fields?.split(' ') ?? []
  if (release === '') return undefined
  const distribution = version === '' ? id : `${id}-${version}`
  const purl = `pkg:deb/${id}/${plain}@${encodeURIComponent(release)}?arch=${architecture}&distro=${distribution}`
  return { 'bom-ref': purl, type: 'library', name: plain, version: release, purl }
}

async function fileComponent(path: string): Promise<Component> {
  return { 'bom-ref': `file:${path}`, type: 'file', name: path, hashes: [await sha256(path)] }
}

function output(command: string[]): string | undefined {
  const { stdout, exitCode } = Bun.spawnSync(command, { stderr: 'ignore' })
  return exitCode === 0 ? stdout.toString().trim() : undefined
}
