import type { Import } from './imports.ts'

/** What an area may look at besides itself: the arrows of the design. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  oci: [],
  // Arithmetic of limits, and who counts what for whom: pure, no I/O.
  rates: [],
  // Connections that the server itself makes to hosts that somebody named.
  net: [],
  logging: ['oci'],
  config: ['oci', 'logging', 'rates'],
  blobs: ['oci'],
  metadata: ['oci', 'rates', 'in-time.ts'],
  client: ['oci'],
  registry: ['oci', 'blobs', 'metadata'],
  access: ['oci', 'blobs', 'metadata', 'rates', 'net', 'in-time.ts'],
  // Who is told of what happens, and how.
  notifications: ['oci', 'metadata', 'access', 'net'],
  jobs: ['oci', 'blobs', 'metadata', 'registry', 'access', 'logging', 'net', 'notifications', 'in-time.ts'],
  http: ['oci', 'blobs', 'metadata', 'registry', 'access', 'logging', 'rates', 'notifications', 'in-time.ts'],
  cli: [
    'oci',
    'blobs',
    'metadata',
    'registry',
    'jobs',
    'access',
    'notifications',
    'client',
    'config',
    'logging',
    'recovery',
    'migration-targets.ts',
    'notifying.ts',
    'rules.ts',
    'stores.ts',
    'version.ts',
  ],
  // What passes between the processes that serve one registry: what each of them is asked for is the others' shapes.
  workers: ['oci', 'metadata', 'http', 'logging', 'config', 'rates', 'in-time.ts'],
  // Copies and remakes whole data directories: what lies there is the drivers' files.
  recovery: ['oci', 'blobs', 'metadata', 'data-directory.ts', 'blobs-place.ts', 'version.ts'],
  'in-time.ts': ['oci'],
  'main.ts': ['cli'],
  'version.ts': ['../package.json'],
}

const compositionRoot = 'app.ts'
/** What names the drivers: the app, its workers, and the stores that they and commands open. */
const roots = [
  compositionRoot,
  'worker-app.ts',
  'data-directory.ts',
  'store-options.ts',
  'stores.ts',
  'migration-targets.ts',
  'notifying.ts',
  'open-access.ts',
  'blobs-place.ts',
  'rules.ts',
  'serving.ts',
]
/** Who starts which. */
const starts: Readonly<Record<string, string>> = {
  [compositionRoot]: 'cli/commands/serve.ts',
  'worker-app.ts': 'cli/commands/serve-worker.ts',
}

/** Each a folder that only the composition root knows. */
const drivers = ['blobs/filesystem', 'blobs/memory', 'blobs/s3', 'metadata/sqlite', 'metadata/postgres']

/** What a data directory is made of. */
const embedded: readonly string[] = ['blobs/filesystem', 'metadata/sqlite']

/** What the use cases know of storage is shapes; whatever runs is handed to them. */
const knowShapesOf: Readonly<Record<string, readonly string[]>> = {
  registry: ['blobs', 'metadata'],
  access: ['blobs', 'metadata'],
  notifications: ['metadata'],
  jobs: ['blobs', 'metadata'],
  http: ['blobs', 'metadata'],
  workers: ['metadata', 'http', 'config'],
}

/** `http/distribution/blobs.ts` is of the area `http`; a file right in src is an area of its own. */
function areaOf(path: string): string {
  return path.includes('/') && !path.startsWith('..') ? path.slice(0, path.indexOf('/')) : path
}

const within = (path: string, folder: string) => path.startsWith(`${folder}/`)

/** Sentences that say which imports the design has no arrow for. */
export function forbidden(imports: readonly Import[]): string[] {
  return imports.flatMap((one) => {
    const reason = reasonAgainst(one)
    return reason === undefined ? [] : [`${one.from} imports ${one.to}: ${reason}`]
  })
}

function reasonAgainst({ from, to, typeOnly }: Import): string | undefined {
  if (roots.includes(from)) return undefined
  const driver = drivers.find((folder) => within(to, folder))
  if (driver) {
    const knows = within(from, driver) || (areaOf(from) === 'recovery' && embedded.includes(driver))
    return knows ? undefined : `only ${compositionRoot} names a driver`
  }
  if (to === 'data-directory.ts' && areaOf(from) === 'cli') return undefined
  const starter = starts[to]
  if (starter) return from === starter ? undefined : `only ${starter} starts ${to}`
  const [area, target] = [areaOf(from), areaOf(to)]
  if (area === target) return undefined
  const allowed = arrows[area]
  if (!allowed) return `the area ${area} is not in the design`
  if (!allowed.includes(target)) return `no arrow leads from ${area} to ${target}`
  if (!typeOnly && knowShapesOf[area]?.includes(target)) return `${area} knows only types of ${target}`
  return undefined
}

/** Each circle of imports once, as the files along it; a circle of types is one too. */
export function circles(imports: readonly Import[]): string[] {
  const targets = Map.groupBy(imports, ({ from }) => from)
  const finished = new Set<string>()
  const found: string[] = []
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      found.push([...trail.slice(start), path].join(' → '))
      return
    }
    if (finished.has(path)) return
    for (const { to } of targets.get(path) ?? []) visit(to, [...trail, path])
    finished.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  return found
}
