import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { makeUser } from '../support/accounts.ts'
import { berthExecutable, type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { makeAuthority } from '../support/certificates.ts'
import { as, basic, openStoresOf } from '../support/closed-registry.ts'
import { attempt, run } from '../support/command.ts'
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts'
import { requireTools } from '../support/require.ts'
import { githubClaims, gitlabClaims } from '../support/workload.ts'
import { readText } from './files.ts'
import { checkConfiguration } from './setting-names.ts'

const ready = requireTools(['bash', 'curl', 'jq', 'openssl'])

/** What the guide shows in one language, in order. */
async function blocks(language: string): Promise<string[]> {
  const { text } = await readText('docs/workload-tokens.md')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, block = '']) => block,
  )
}

test('the guide’s settings are read by the server', async () => {
  const settings = (await blocks('yaml')).filter((block) => block.startsWith('workload:'))
  expect(settings.map((block) => checkConfiguration(block))).toEqual([
    ['workload.private-issuers', 'workload.lifetime'],
  ])
})

describe.skipIf(!ready)('what the guide to CI jobs shows', () => {
  let issuer: OidcIssuer
  let github: ReturnType<typeof startGithub>
  let berth: RunningBerth
  let env: Record<string, string>
  let tools: string

  beforeAll(async () => {
    issuer = await startOidcIssuer()
    github = startGithub(issuer)
    const data = await temporaryDirectory()
    const authority = await makeAuthority()
    const certificate = await authority.issue()
    await using stores = await openStoresOf(data)
    await makeUser(stores.metadata, { name: 'harbourmaster', admin: true })
    berth = await startBerth({
      data,
      tls: certificate,
      args: ['--log-level', 'error'],
      env: { BERTH_WORKLOAD_PRIVATE_ISSUERS: issuer.url },
    })
    await run(berthExecutable, ['org', 'add', 'acme', '--data', data])
    tools = await makeTools(data)
    env = {
      PATH: `${tools}:${process.env.PATH}`,
      CURL_CA_BUNDLE: authority.root,
      NODE_EXTRA_CA_CERTS: authority.root,
    }
    for (const command of await robotCommands())
      await bash(command.replace(/--issuer \S+/, `--issuer ${issuer.url}`))
  }, 60_000)
  afterAll(async () => {
    await berth?.stop()
    await github?.stop(true)
    await issuer?.[Symbol.asyncDispose]()
  })

  const bash = (script: string, more: Record<string, string> = {}) =>
    run(
      'bash',
      ['-e', '-o', 'pipefail', '-c', script.replaceAll('registry.example.com', `localhost:${berth.port}`)],
      {
        env: { ...env, ...more },
      },
    )
  const loggedIn = async () => {
    const [line = '', password = ''] = (await Bun.file(join(tools, 'login')).text()).split('\n')
    expect(line).toBe(`login localhost:${berth.port} -u acme+deploy --password-stdin`)
    const tls = { rejectUnauthorized: false }
    const url = `https://localhost:${berth.port}/v2/token?scope=repository:acme/app:pull,push,delete`
    const answer = await as(basic({ name: 'acme+deploy', password }), url, { tls } as RequestInit)
    return { password, answer: (await answer.json()) as { scope: string } }
  }

  /** The commands that make the robot, and its trusts for GitHub and GitLab. */
  async function robotCommands(): Promise<string[]> {
    const [console_ = ''] = await blocks('console')
    const shown = console_.split('\n$ ').map((one) => one.replace(/^\$ /, ''))
    const commands = [...shown, ...(await blocks('sh'))]
      .filter((one) => one.startsWith('berth robot '))
      .map((one) => one.replace(/([^\\])\n.*$/s, '$1'))
    expect(commands).toHaveLength(3)
    return commands
  }

  test('signs a job of GitHub in by an exchange', async () => {
    const [workflow] = (await blocks('yaml')).map((block) => parse(block)).filter((one) => one.jobs)
    expect(workflow.permissions).toMatchObject({ 'id-token': 'write' })
    const { run: script } = workflow.jobs.push.steps.find(({ name }: { name?: string }) => name === 'Sign in')
    const url = `${github.url}token?api-version=1`
    await bash(script, { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner' })
    const { password, answer } = await loggedIn()
    expect(password).toStartWith('berth_robot_')
    expect(answer.scope).toBe('repository:acme/app:pull,push')
  })

  test('ends a job of GitHub that may not sign in, with the reason', async () => {
    const [workflow] = (await blocks('yaml')).map((block) => parse(block)).filter((one) => one.jobs)
    const { run: script } = workflow.jobs.push.steps.find(({ name }: { name?: string }) => name === 'Sign in')
    const text = script.replaceAll('registry.example.com', `localhost:${berth.port}`)
    const url = `${github.url}other?api-version=1`
    const { exitCode, stdout } = await attempt('bash', ['-e', '-o', 'pipefail', '-c', text], {
      env: { ...env, ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner' },
    })
    expect(exitCode).toBe(1)
    expect(stdout).toContain('ref must be \\"refs/heads/main\\", and is \\"refs/heads/other\\"')
  })

  test('signs a job of GitLab in with its token as the password', async () => {
    const [pipeline] = (await blocks('yaml'))
      .map((block) => parse(block))
      .filter((one) => one.push?.id_tokens)
    const audience = pipeline.push.id_tokens.JOB_TOKEN.aud.replace(
      'registry.example.com',
      `localhost:${berth.port}`,
    )
    const claims = { ...gitlabClaims, project_path: 'acme/app' }
    await bash(pipeline.push.script[0], { JOB_TOKEN: await issuer.token(claims, { audience }) })
    const { password, answer } = await loggedIn()
    expect(password).toStartWith('eyJ')
    expect(answer.scope).toBe('repository:acme/app:pull,push')
  })

  test('exchanges a token by hand', async () => {
    const [command = ''] = (await blocks('sh')).filter((block) => block.startsWith('curl'))
    const audience = `https://localhost:${berth.port}`
    for (const script of [command, command.replace('--data-urlencode username', '-d username')]) {
      const answer = await bash(script, { JOB_TOKEN: await issuer.token(githubClaims, { audience }) })
      expect(JSON.parse(answer)).toMatchObject({ expires_in: 3600, username: 'acme+deploy' })
    }
  })
})

/** Gives a job its token, as the runner of GitHub has it: on main, or on another branch. */
function startGithub(issuer: OidcIssuer) {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch({ url, headers }) {
      const { pathname, searchParams } = new URL(url)
      if (headers.get('authorization') !== 'Bearer runner') return new Response(null, { status: 401 })
      const ref = pathname === '/other' ? 'refs/heads/other' : 'refs/heads/main'
      const audience = searchParams.get('audience') ?? ''
      return Response.json({ value: await issuer.token({ ...githubClaims, ref }, { audience }) })
    },
  })
}

/** A docker that only notes how it was called, and berth on the data. */
async function makeTools(data: string): Promise<string> {
  const directory = await temporaryDirectory()
  const scripts = {
    docker: `echo "$@" > ${directory}/login; cat >> ${directory}/login`,
    berth: `exec ${berthExecutable} "$@" --data ${data}`,
  }
  for (const [name, script] of Object.entries(scripts)) {
    await Bun.write(join(directory, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(directory, name), 0o755)
  }
  return directory
}
