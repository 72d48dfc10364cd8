import { describe, expect, test } from 'bun:test'
import { basename, join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { temporaryDirectory } from '../support/berth.ts'
import { attempt, run } from '../support/command.ts'
import { requireTools } from '../support/require.ts'
import { chart, valuesFiles } from './files.ts'
import { checkConfiguration } from './setting-names.ts'

interface Resource {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: what Kubernetes takes has many shapes
  readonly [field: string]: any
}

const forms: [string, string[]][] = [
  ['its defaults', []],
  ...valuesFiles().map((file): [string, string[]] => [basename(file), ['--values', file]]),
]

async function render(...args: string[]): Promise<Resource[]> {
  const text = await run('helm', ['template', 'hub', chart, '--namespace', 'registry', ...args])
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null)
}

const one = (resources: readonly Resource[], kind: string) => {
  const found = resources.filter((resource) => resource.kind === kind)
  if (found.length !== 1) throw new Error(`${found.length} of ${kind}`)
  return found[0] as Resource
}
const kinds = (resources: readonly Resource[]) => resources.map(({ kind }) => kind)

describe.skipIf(!requireTools(['helm']))('the Helm chart', () => {
  test('has values for several ways to run it', () => {
    expect(forms.length).toBeGreaterThan(4)
  })

  test.each(forms)('has nothing that helm lint finds, with %s', async (_, args) => {
    expect(await run('helm', ['lint', '--strict', ...args, chart])).toContain('0 chart(s) failed')
  })

  test.each(forms)('gives the server settings that it reads, with %s', async (_, args) => {
    const { data } = one(await render(...args), 'ConfigMap')
    expect(checkConfiguration(data['berth.yaml'])).toContain('shutdown.drain')
  })

  test.each(forms)('mounts what it makes, and selects what it labels, with %s', async (_, args) => {
    const resources = await render(...args)
    const { spec } = one(resources, 'Deployment')
    const { spec: pod, metadata } = spec.template
    const [container] = pod.containers
    expect(container.volumeMounts.map(({ name }: { name: string }) => name).sort()).toEqual(
      pod.volumes.map(({ name }: { name: string }) => name).sort(),
    )
    expect(metadata.labels).toMatchObject(spec.selector.matchLabels)
    expect(metadata.labels).toMatchObject(one(resources, 'Service').spec.selector)
    const { targetPort } = one(resources, 'Service').spec.ports[0]
    expect(container.ports.map(({ name }: { name: string }) => name)).toContain(targetPort)
  })

  test.each(forms)('runs without privileges on a root that is read-only, with %s', async (_, args) => {
    const { spec: pod } = one(await render(...args), 'Deployment').spec.template
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(pod.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(pod.automountServiceAccountToken).toBe(false)
    expect(pod.containers[0].resources.limits.memory).toBeString()
  })

  test('lets a pod end what it has begun before it is killed', async () => {
    const resources = await render()
    const { spec: pod } = one(resources, 'Deployment').spec.template
    const drain = Number(/drain: (\d+)s/.exec(one(resources, 'ConfigMap').data['berth.yaml'])?.[1])
    const pause = pod.containers[0].lifecycle.preStop.sleep.seconds
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(drain + pause)
  })

  test('keeps one replica on a volume that outlives the release', async () => {
    const resources = await render()
    const { spec } = one(resources, 'Deployment')
    expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
    expect(one(resources, 'PersistentVolumeClaim').metadata).toMatchObject({
      annotations: { 'helm.sh/resource-policy': 'keep' },
    })
    expect(kinds(resources)).not.toContain('PodDisruptionBudget')
  })

  test('puts no password into the ConfigMap, and none of its own beside Secrets that are there', async () => {
    const [own, existing] = await Promise.all(
      ['secrets', 'shared'].map((name) => render('--values', join(chart, `ci/${name}-values.yaml`))),
    )
    const secret = one(own ?? [], 'Secret').stringData
    expect(secret['metadata-password']).toBe('a "quoted" $secret')
    for (const value of Object.values<string>(secret).filter((text) => text !== 'berth')) {
      expect(JSON.stringify(one(own ?? [], 'ConfigMap'))).not.toContain(JSON.stringify(value).slice(1, -1))
      expect(JSON.stringify(one(own ?? [], 'Deployment'))).not.toContain(JSON.stringify(value).slice(1, -1))
    }
    expect(kinds(existing ?? [])).not.toContain('Secret')
    expect(kinds(existing ?? [])).toContain('HorizontalPodAutoscaler')
    expect(one(existing ?? [], 'Deployment').spec).not.toHaveProperty('replicas')
  })

  test('asks the probes over HTTPS where the server speaks it', async () => {
    const [container] = one(await render('--set', 'tls.secretName=cert'), 'Deployment').spec.template.spec
      .containers
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(container[probe].httpGet.scheme).toBe('HTTPS')
  })

  test.each([
    ['a database without a bucket', ['metadata.url=postgres://db/berth'], 'needs s3.bucket'],
    ['a bucket without a database', ['s3.bucket=berth'], 'needs metadata.url'],
    ['no place for images', ['persistence.enabled=false'], 'say where images are kept'],
    ['more replicas of a volume', ['autoscaling.enabled=true'], 'a volume serves one replica'],
    [
      'a password in the URL',
      ['metadata.url=postgres://b:secret@db/berth', 's3.bucket=b'],
      'holds a password',
    ],
    ['half of a key', ['metadata.url=postgres://db/b', 's3.bucket=b', 's3.accessKeyId=x'], 'secretAccessKey'],
    ['a value that there is none of', ['replicas=3'], 'replicas'],
    ['a port that is none', ['service.port=70000'], 'port'],
  ])('refuses %s, and says why', async (_, values, reason) => {
    const { exitCode, stderr } = await attempt('helm', [
      'template',
      chart,
      ...values.flatMap((v) => ['--set', v]),
    ])
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain(reason)
  })
})

describe.skipIf(!requireTools(['helm', 'kubectl-validate']))('Kubernetes', () => {
  test.each(forms)('knows every field of what the chart makes, with %s', async (_, args) => {
    const directory = await temporaryDirectory()
    // A ServiceMonitor is the Prometheus operator's, and no part of Kubernetes.
    for (const [index, resource] of (await render(...args)).entries()) {
      if (resource.kind === 'ServiceMonitor') continue
      await Bun.write(join(directory, `${index}.yaml`), JSON.stringify(resource))
    }
    await run('kubectl-validate', ['--version', '1.30', directory])
  })
})
