// Budget: 20 seconds.
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { packagesForProduction, readLockfile } from '../../scripts/sbom/packages.ts'
import { partsOfBun } from '../../scripts/sbom/runtime.ts'
import { requireAllNamed, sbomOfImage, sbomOfSource } from '../../scripts/sbom/sbom.ts'

const root = join(import.meta.dir, '../..')

describe('the lockfile', () => {
  test('has a checksum for each package, all of them from the registry, and none that its authors gave up', async () => {
    const { packages } = await readLockfile(root)
    const locked = Object.entries(packages).filter(([place]) => place !== '')
    expect(locked.length).toBeGreaterThan(50)
    for (const [place, { integrity, deprecated, ...rest }] of locked) {
      expect(integrity, place).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/)
      expect(deprecated, place).toBeUndefined()
      const { resolved = 'https://registry.npmjs.org/', link } = rest as { resolved?: string; link?: boolean }
      expect(resolved, place).toStartWith('https://registry.npmjs.org/')
      expect(link, place).toBeUndefined()
    }
  })

  test('is what package.json asks for, to the very version', async () => {
    const asked = await Bun.file(join(root, 'package.json')).json()
    const { packages } = await readLockfile(root)
    for (const kind of ['dependencies', 'devDependencies'] as const) {
      expect(packages['']).toMatchObject({ [kind]: asked[kind] })
      for (const [name, version] of Object.entries<string>(asked[kind])) {
        expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
        expect(packages[`node_modules/${name}`]?.version, name).toBe(version)
      }
    }
  })

  test('can be installed from as it is', () => {
    const flags = ['--dry-run', '--offline', '--ignore-scripts', '--no-audit']
    const { exitCode, stderr } = Bun.spawnSync(['npm', 'ci', ...flags], { cwd: root })
    expect(exitCode, stderr.toString()).toBe(0)
  })
})

describe('the SBOM', () => {
  test('names each package of the lockfile that is not for development alone, and no other, with version and checksum', async () => {
    const { packages } = await readLockfile(root)
    const sbom = await sbomOfSource(root)
    const locked = Object.entries(packages)
      .map(([place, entry]) => ({ ...entry, name: place.replace(/^.*node_modules\//, '') }))
      .filter(({ name, dev }) => name !== '' && !dev && !name.startsWith('@oven/bun-'))
    expect(locked.map(({ name }) => name)).toContain('kysely')
    const npm = sbom.components.filter(({ purl }) => purl?.startsWith('pkg:npm/'))
    expect(npm.map(({ name, version }) => `${name}@${version}`).sort()).toEqual(
      [...new Set(locked.map(({ name, version }) => `${name}@${version}`))].sort(),
    )
    expect(npm.map(({ name }) => name)).not.toContain('typescript')
    const checksum = (name: string) => npm.find((each) => each.name === name)?.hashes?.[0]?.content
    for (const { name, integrity = '' } of locked) {
      expect(Buffer.from(checksum(name) ?? '', 'hex').toString('base64'), name).toBe(integrity.slice(7))
    }
  })

  test('names Bun, and what Bun is made of', async () => {
    const { components } = await sbomOfSource(root)
    const versionOf = (name: string) => components.find((each) => each.name === name)?.version
    expect(versionOf('bun')).toBe(Bun.version)
    expect(versionOf('sqlite')).toBe(process.versions.sqlite as string)
    expect(versionOf('boringssl')).toBe(process.versions.boringssl as string)
    expect(() => partsOfBun({ ...process.versions, 'a new part': '1' })).toThrow('a new part')
  })

  test('is whole: every reference leads to something in it', async () => {
    const sbom = await sbomOfImage(await sbomOfSource(root), [
      '/etc/passwd',
      '/etc/ssl/certs/ca-certificates.crt',
    ])
    const refs = [sbom.metadata.component, ...sbom.components].map((component) => component['bom-ref'])
    expect(new Set(refs).size).toBe(refs.length)
    for (const { ref, dependsOn = [] } of sbom.dependencies) {
      expect(refs).toContain(ref)
      for (const needed of dependsOn) expect(refs).toContain(needed)
    }
    const reached = new Set<string>()
    const follow = (ref: string) => {
      if (reached.has(ref)) return
      reached.add(ref)
      for (const needed of sbom.dependencies.find((each) => each.ref === ref)?.dependsOn ?? []) follow(needed)
    }
    follow(sbom.metadata.component['bom-ref'])
    expect([...reached].sort()).toEqual(refs.sort())
  })

  test('finds a package at the place where Node looks for it', () => {
    const packages = {
      '': { dependencies: { a: '1', b: '1' } },
      'node_modules/a': { version: '1.0.0', dependencies: { c: '^1' } },
      'node_modules/a/node_modules/c': { version: '1.9.0', dependencies: { b: '*' } },
      'node_modules/b': {
        version: '2.0.0',
        dependencies: { c: '^2' },
        optionalDependencies: { absent: '*' },
      },
      'node_modules/c': { version: '2.1.0', peerDependencies: { a: '*' } },
      'node_modules/other': { version: '1.0.0', dev: true },
    }
    const found = packagesForProduction({ lockfileVersion: 3, packages }, 'root')
    expect(found.components.map(({ purl }) => purl)).toEqual([
      'pkg:npm/a@1.0.0',
      'pkg:npm/b@2.0.0',
      'pkg:npm/c@1.9.0',
      'pkg:npm/c@2.1.0',
    ])
  })

  test('a build with something in it that the SBOM does not name is none', async () => {
    const sbom = await sbomOfSource(root)
    requireAllNamed(sbom, ['src/main.ts', 'node_modules/hono/dist/index.js'])
    expect(() => requireAllNamed(sbom, ['../x/node_modules/@evil/thing/index.js'])).toThrow('@evil/thing')
    expect(() => requireAllNamed(sbom, ['src/main.ts'])).toThrow()
  })
})

describe('the audit', () => {
  const advisory = {
    id: 1,
    url: 'https://example.com/advisory',
    title: 'Something bad',
    severity: 'high',
    vulnerable_versions: '*',
    cwe: [],
    cvss: { score: 0, vectorString: null },
  }

  test('passes where there is nothing, fails where there is something, and says where nothing was checked', async () => {
    const unanswered = () => new Response('', { status: 405 })
    expectEnd(await audited(() => Response.json({})), 0, /no known vulnerability/)
    expectEnd(await audited(() => Response.json({ hono: [advisory] })), 1, /hono.*Something bad/)
    expectEnd(await audited(unanswered), 3, /NOT AUDITED/)
    expectEnd(await audited(unanswered, { AUDIT_REQUIRED: 'true' }), 1, /NOT AUDITED/)
    expectEnd(await audited(() => new Response('', { status: 401 })), 1, /failed/)
  }, 60_000)

  /** Runs it against a registry that answers as it is told to. */
  async function audited(answer: () => Response, env: Record<string, string> = {}) {
    let asked = 0
    using registry = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch(request) {
        if (!request.url.endsWith('/security/advisories/bulk')) return new Response('{}', { status: 404 })
        asked += 1
        return answer()
      },
    })
    const audit = Bun.spawn([process.execPath, 'run', 'scripts/audit.ts'], {
      cwd: root,
      env: { ...process.env, npm_config_registry: registry.url.href, ...env },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const printed = await Promise.all([audit.stdout.text(), audit.stderr.text()])
    const code = await audit.exited
    expect(asked).toBeGreaterThan(0)
    return { code, text: printed.join('') }
  }

  function expectEnd(end: { code: number; text: string }, code: number, text: RegExp): void {
    expect(end.text).toMatch(text)
    expect(end.code, end.text).toBe(code)
  }
})

describe('SECURITY.md', () => {
  test('says how to report, what is supported and how to check, and README leads to it', async () => {
    const text = await Bun.file(join(root, 'SECURITY.md')).text()
    for (const heading of ['Reporting', 'What is supported', 'What is in it'])
      expect(text).toContain(`## ${heading}`)
    const { version } = await Bun.file(join(root, 'package.json')).json()
    expect(text).toContain(`${version.split('.').slice(0, 2).join('.')}.x`)
    expect(await Bun.file(join(root, 'README.md')).text()).toContain('(SECURITY.md)')
  })
})
