import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'
import { freePort } from './berth.ts'

/** An OpenID provider on loopback that gives jobs their tokens: npm's oidc-provider. */
export interface OidcIssuer extends AsyncDisposable {
  /** As tokens name it. */
  readonly url: string
  /** The keys that it signs with now, private ones: for forgeries. */
  readonly keys: readonly JWK[]
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  /** Asks the provider for a token, as a job does. @param claims beside and in place of the provider's own */
  token(claims: object, options?: { audience?: string }): Promise<string>
  /** Signs with a new key from now on. The old one is published no more. */
  rotate(): Promise<void>
  /** Answers nothing but this status, until it is undefined again. */
  fail(status: number | undefined): void
}

export const audience = 'https://registry.example.com'

export async function startOidcIssuer({ path = '', alg = 'RS256' } = {}): Promise<OidcIssuer> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}${path}`
  const asked: string[] = []
  let failing: number | undefined
  let [provider, keys] = await makeProvider(url, alg)
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.url ?? '')
    if (failing !== undefined) {
      response.writeHead(failing, { Location: 'http://127.0.0.1:1/' }).end()
      return
    }
    request.url = request.url?.slice(path.length)
    void provider.callback()(request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url,
    asked,
    get keys() {
      return keys
    },
    async token(claims, options = {}) {
      const answer = await fetch(`${url}/token`, {
        method: 'POST',
        headers: {
          Authorization: `Basic ${btoa('job:of-the-tests')}`,
          'X-Claims': encodeURIComponent(JSON.stringify(claims)),
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          resource: options.audience ?? audience,
        }),
      })
      const body = (await answer.json()) as { access_token?: string }
      if (!body.access_token) throw new Error(`no token: ${JSON.stringify(body)}`)
      return body.access_token
    },
    async rotate() {
      ;[provider, keys] = await makeProvider(url, alg)
    },
    fail(status) {
      failing = status
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function makeProvider(url: string, alg: string): Promise<[Provider, readonly JWK[]]> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const key = { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: crypto.randomUUID() }
  const configuration = {
    jwks: { keys: [key] as never },
    clients: [
      {
        client_id: 'job',
        client_secret: 'of-the-tests',
        id_token_signed_response_alg: alg as 'RS256',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    ttl: { ClientCredentials: 300 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: '',
          audience: resource,
          accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: alg as 'RS256' } },
        }),
      },
    },
    formats: {
      customizers: {
        // CI services sign tokens of their own making: the claims are theirs, the form is the provider's.
        jwt: (context, _token, made) => {
          made.header = { ...made.header, typ: 'JWT' }
          Object.assign(made.payload, JSON.parse(decodeURIComponent(context.get('x-claims'))))
        },
      },
    },
  } satisfies Configuration
  const provider = new Provider(url, configuration)
  return [provider, [key]]
}
