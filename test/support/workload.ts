import { fetchIssuerKeys } from '../../src/access/workload/issuer-documents.ts'
import { IssuerKeys } from '../../src/access/workload/issuer-keys.ts'
import { WorkloadSignIn } from '../../src/access/workload/workload-sign-in.ts'
import type { ChangesMetadata, MetadataStore } from '../../src/metadata/metadata-store.ts'
import { RegistryError } from '../../src/oci/errors.ts'
import { audience } from './oidc-issuer.ts'

/** What GitHub Actions says in a token of a push to main, by its documentation. */
export const githubClaims = {
  sub: 'repo:acme/app:ref:refs/heads/main',
  ref: 'refs/heads/main',
  sha: 'f00dfeed00000000000000000000000000000000',
  repository: 'acme/app',
  repository_id: '74',
  repository_owner: 'acme',
  repository_owner_id: '65',
  repository_visibility: 'private',
  actor: 'alice',
  actor_id: '12',
  run_id: '1234567890',
  run_number: '10',
  run_attempt: '2',
  runner_environment: 'github-hosted',
  event_name: 'push',
  ref_type: 'branch',
  ref_protected: 'true',
  head_ref: '',
  base_ref: '',
  workflow: 'build',
  workflow_ref: 'acme/app/.github/workflows/build.yml@refs/heads/main',
  job_workflow_ref: 'acme/app/.github/workflows/build.yml@refs/heads/main',
}

/** What GitLab says in an ID token of a job on a protected branch, by its documentation. */
export const gitlabClaims = {
  sub: 'project_path:acme/tools/app:ref_type:branch:ref:main',
  namespace_id: '72',
  namespace_path: 'acme/tools',
  project_id: '20',
  project_path: 'acme/tools/app',
  project_visibility: 'private',
  user_id: '1',
  user_login: 'alice',
  user_email: 'alice@example.com',
  user_access_level: 'developer',
  user_identities: [{ provider: 'github', extern_uid: '2435223452345' }],
  groups_direct: ['acme/tools', 'acme'],
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'main',
  ref_type: 'branch',
  ref_path: 'refs/heads/main',
  ref_protected: 'true',
  environment: 'production',
  environment_protected: 'true',
  deployment_tier: 'production',
  runner_id: 1,
  runner_environment: 'self-hosted',
  sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
  ci_config_ref_uri: 'gitlab.example.com/acme/tools/app//.gitlab-ci.yml@refs/heads/main',
}

/** Makes the robot acme+deploy. @returns its id */
export async function makeRobot(metadata: ChangesMetadata): Promise<string> {
  const organisation = crypto.randomUUID()
  await metadata.change('closeRegistry', { why: 'a test' })
  await metadata.change('createOrganisation', { id: organisation, name: 'acme', owner: null })
  const id = crypto.randomUUID()
  await metadata.change('createRobot', { id, organisation, name: 'deploy' })
  return id
}

interface TrustOptions {
  readonly issuer: string
  readonly claims?: Readonly<Record<string, string>>
  readonly audience?: string
  readonly scopes?: readonly object[]
}

/** @returns its id */
export async function makeTrust(
  metadata: ChangesMetadata,
  robot: string,
  { issuer, claims = { repository: 'acme/app' }, scopes, ...given }: TrustOptions,
): Promise<string> {
  const id = crypto.randomUUID()
  await metadata.change('addRobotTrust', {
    id,
    robot,
    issuer,
    audience: given.audience ?? audience,
    claims: JSON.stringify(claims),
    scopes: scopes ? JSON.stringify(scopes) : null,
  })
  return id
}

/** How the jobs of these issuers sign in, as a process that serves has it. */
export function openWorkloadSignIn(
  metadata: MetadataStore,
  privateIssuers: readonly string[],
  now = () => Date.now(),
): WorkloadSignIn {
  return new WorkloadSignIn({
    store: metadata,
    keys: new IssuerKeys(fetchIssuerKeys({ privateIssuers }), now),
    lifetime: 3_600_000,
    now,
    newId: () => crypto.randomUUID(),
    used: () => undefined,
  })
}

/** What a job sends to exchange its token. @param changed undefined: left out */
export function exchangeForm(
  token: string,
  changed: Readonly<Record<string, string | undefined>> = {},
): URLSearchParams {
  const fields = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    subject_token: token,
    username: 'acme+deploy',
    ...changed,
  }
  return new URLSearchParams(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
  )
}

/** What the job is told. */
export async function outcomeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return 'in'
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return `${error.code}: ${error.message}`
  }
}
