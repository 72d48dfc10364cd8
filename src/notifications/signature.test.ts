import { describe, expect, test } from 'bun:test'
import { isWebhookSecret, newWebhookSecret, signatureHeaders } from './signature.ts'

describe('the signature of a webhook’s request', () => {
  test('is that of Standard Webhooks: its own example comes out', () => {
    const signed = {
      id: 'msg_loFOjxBNrRLzqYUf',
      timestamp: 1731705121,
      body: '{"event_type":"ping","data":{"success":true}}',
    }
    expect(signatureHeaders(signed, ['whsec_plJ3nmyCDGBKInavdOK15jsl'])).toEqual({
      'Webhook-Id': 'msg_loFOjxBNrRLzqYUf',
      'Webhook-Timestamp': '1731705121',
      'Webhook-Signature': 'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
    })
  })

  test('is there twice while a secret is being replaced', () => {
    const signed = { id: 'a', timestamp: 1, body: '' }
    const [one, two] = [newWebhookSecret(), newWebhookSecret()]
    const of = (...secrets: string[]) => signatureHeaders(signed, secrets)['Webhook-Signature']
    expect(of(one, two)).toBe(`${of(one)} ${of(two)}`)
    expect(of(one)).not.toBe(of(two) as string)
  })

  test('takes secrets of its form and length only', () => {
    const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`
    for (const good of [newWebhookSecret(), of(24), of(64)]) expect(isWebhookSecret(good)).toBe(true)
    for (const bad of ['', 'secret', 'whsec_', of(23), of(65), `${of(24)}\n`, of(32).replace('whsec_', '')])
      expect(isWebhookSecret(bad)).toBe(false)
  })
})
