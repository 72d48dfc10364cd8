import { describe, expect, test } from 'bun:test'
import { envelopeMediaType, envelopeOf, type ToldEvent } from './envelope.ts'

const source = { address: 'berth-1:5000', instance: 'instance-1', url: undefined }
const digest = `sha256:${'a'.repeat(64)}`
const pushed: ToldEvent = {
  id: 'event-1',
  at: Date.UTC(2026, 10, 29, 14, 58, 4, 245),
  action: 'push',
  repository: 'team/app',
  target: { kind: 'manifest', mediaType: 'application/json', digest, size: 392, tag: 'v1' },
  origin: {
    caller: 'alice',
    kind: 'user',
    address: '192.0.2.7',
    request: 'request-1',
    http: { method: 'PUT', origin: 'https://r.example:8443', userAgent: 'docker/29' },
  },
}

describe('the envelope', () => {
  test('says of a push what distribution says', () => {
    expect(JSON.parse(envelopeOf(pushed, source))).toEqual({
      events: [
        {
          id: 'event-1',
          timestamp: '2026-11-29T14:58:04.245Z',
          action: 'push',
          target: {
            mediaType: 'application/json',
            digest,
            size: 392,
            length: 392,
            repository: 'team/app',
            url: `https://r.example:8443/v2/team/app/manifests/${digest}`,
            tag: 'v1',
          },
          request: {
            id: 'request-1',
            addr: '192.0.2.7',
            host: 'r.example:8443',
            method: 'PUT',
            useragent: 'docker/29',
          },
          actor: { name: 'alice' },
          source: { addr: 'berth-1:5000', instanceID: 'instance-1' },
        },
      ],
    })
  })

  test('names the blob that was mounted, and where from', () => {
    const target = {
      kind: 'blob',
      mediaType: 'application/octet-stream',
      digest,
      size: 7,
      from: 'team/x',
    } as const
    expect(targetOf({ ...pushed, action: 'mount', target })).toEqual({
      mediaType: 'application/octet-stream',
      digest,
      size: 7,
      length: 7,
      repository: 'team/app',
      fromRepository: 'team/x',
      url: `https://r.example:8443/v2/team/app/blobs/${digest}`,
    })
  })

  test('has no address for what was deleted', () => {
    const of = (target: ToldEvent['target']) => targetOf({ ...pushed, action: 'delete', target })
    const nothing = { mediaType: '', digest: '', size: 0, repository: 'team/app' }
    expect(of({ kind: 'tag', tag: 'v1' })).toEqual({ ...nothing, tag: 'v1' })
    expect(of({ kind: 'manifest', digest })).toEqual({ ...nothing, digest })
    expect(of({ kind: 'repository' })).toEqual(nothing)
  })

  test('leaves out what a command on the data has not: a request and its address', () => {
    const origin = { caller: 'cli:root', kind: 'operator', address: null, request: null }
    const [event] = JSON.parse(envelopeOf({ ...pushed, origin }, source)).events
    expect(event.request).toEqual({ id: '', method: '', useragent: '' })
    expect(event.target.url).toBeUndefined()
    const known = { ...source, url: 'https://known.example' }
    const [other] = JSON.parse(envelopeOf({ ...pushed, origin }, known)).events
    expect(other.target.url).toStartWith('https://known.example/v2/team/app/manifests/')
  })

  test('names nobody where nobody signed in, as distribution does', () => {
    const origin = { ...pushed.origin, caller: 'anonymous', kind: 'anonymous' }
    expect(JSON.parse(envelopeOf({ ...pushed, origin }, source)).events[0].actor).toEqual({})
  })

  test('goes under the media type of distribution 3, or of those before', () => {
    expect(envelopeMediaType('v2')).toBe('application/vnd.docker.distribution.events.v2+json')
    expect(envelopeMediaType('v1')).toBe('application/vnd.docker.distribution.events.v1+json')
  })
})

function targetOf(event: ToldEvent): object {
  return JSON.parse(envelopeOf(event, source)).events[0].target
}
