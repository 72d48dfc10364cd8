import { join } from 'node:path'
import { temporaryDirectory } from './berth.ts'
import { run } from './command.ts'
import { busyboxRoot } from './root-filesystem.ts'

/** Runs buildah or podman on images of the test's own; throws with its stderr if it fails. */
export type StorageClient = (...args: string[]) => Promise<string>

/**
 * A client with empty storage in a temporary directory, which needs nothing of the kernel's. Its settings suit
 * a machine that has control groups of both versions and forbids to raise limits.
 */
export async function emptyStorage(client: 'buildah' | 'podman'): Promise<StorageClient> {
  const home = await temporaryDirectory()
  const storage = ['--storage-driver', 'vfs', '--root', join(home, 'root'), '--runroot', join(home, 'run')]
  const settings = join(home, 'containers.conf')
  await Bun.write(
    settings,
    `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
tmp_dir = "${home}/tmp"
volume_path = "${home}/volumes"
`,
  )
  return (...args) => run(client, [...storage, ...args], { env: { CONTAINERS_CONF: settings } })
}

/** The directory to build an image of two layers in, which runs and greets. */
export async function buildContext(greeting: string): Promise<string> {
  const context = await temporaryDirectory()
  await run('cp', ['-a', await busyboxRoot(), join(context, 'root')])
  await Bun.write(join(context, 'greeting'), `${greeting}\n`)
  await Bun.write(
    join(context, 'Containerfile'),
    [
      'FROM scratch',
      'COPY root /',
      'COPY greeting /etc/greeting',
      'RUN echo built > /etc/built && rm /bin/wget',
      'ENV SHIP=berth',
      'CMD ["cat", "/etc/greeting", "/etc/built"]',
    ].join('\n'),
  )
  return context
}

export interface StoredImage {
  readonly id: string
  readonly layers: readonly string[]
  readonly config: unknown
}

/** What an image is, apart from its names, as buildah and podman alike report it. */
export async function storedImage(client: StorageClient, image: string): Promise<StoredImage> {
  const [inspected] = [JSON.parse(await client('inspect', '--type', 'image', image))].flat()
  const docker = inspected.OCIv1 ?? {
    rootfs: { diff_ids: inspected.RootFS.Layers },
    config: inspected.Config,
  }
  return {
    id: inspected.FromImageID ?? inspected.Id,
    layers: docker.rootfs.diff_ids,
    config: docker.config,
  }
}
