import { describe, expect, test } from 'bun:test'
import { allowOrigin, preflight } from './cors.ts'

const page = 'https://ui.example.com'

function answerTo(headers: Record<string, string>, origins: readonly string[]): Headers {
  const request = new Request('http://localhost/v2/', { headers })
  return allowOrigin(request, new Response('{}'), new Set(origins)).headers
}

describe('an answer to a page in a browser', () => {
  test('names the origin that is listed, and lets it send credentials', () => {
    const headers = answerTo({ Origin: page }, [page])
    expect(headers.get('access-control-allow-origin')).toBe(page)
    expect(headers.get('access-control-allow-credentials')).toBe('true')
    expect(headers.get('vary')).toBe('Origin')
  })

  test('shows the page the headers that it needs to pull and push', () => {
    const shown = answerTo({ Origin: page }, [page]).get('access-control-expose-headers')
    for (const header of ['Docker-Content-Digest', 'Link', 'Location', 'Range', 'WWW-Authenticate']) {
      expect(shown).toContain(header)
    }
  })

  test('lets any origin in where * is listed, but none with credentials', () => {
    const headers = answerTo({ Origin: page }, ['*'])
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.has('access-control-allow-credentials')).toBe(false)
  })

  test.each(['https://evil.example.com', 'https://ui.example.com.evil.com', 'http://ui.example.com', 'null'])(
    'lets %p not in: it is not listed',
    (origin) => {
      const headers = answerTo({ Origin: origin }, [page])
      expect(headers.has('access-control-allow-origin')).toBe(false)
      expect(headers.has('access-control-allow-credentials')).toBe(false)
    },
  )

  test('is not for everyone once it was for one: caches tell origins apart', () => {
    expect(answerTo({ Origin: 'https://evil.example.com' }, [page]).get('vary')).toBe('Origin')
  })

  test('keeps what it varies on besides', () => {
    const request = new Request('http://localhost/', { headers: { Origin: page } })
    const response = new Response('', { headers: { Vary: 'Accept' } })
    expect(allowOrigin(request, response, new Set([page])).headers.get('vary')).toBe('Accept, Origin')
  })

  test('lets no origin in for a request that names none', () => {
    expect(answerTo({}, [page]).has('access-control-allow-origin')).toBe(false)
  })
})

describe("a browser's question before its request", () => {
  const ask = (method: string, headers: Record<string, string>) =>
    preflight(new Request('http://localhost/v2/', { method, headers }))

  test('is answered with the methods of the registry and the headers that it asks for', () => {
    const answer = ask('OPTIONS', {
      'Access-Control-Request-Method': 'PATCH',
      'Access-Control-Request-Headers': 'authorization, content-range',
    })
    expect(answer?.status).toBe(204)
    expect(answer?.headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(answer?.headers.get('access-control-allow-headers')).toBe('authorization, content-range')
  })

  test('is no other request', () => {
    expect(ask('OPTIONS', {})).toBeUndefined()
    expect(ask('GET', { 'Access-Control-Request-Method': 'PATCH' })).toBeUndefined()
  })
})
