import { expect, test } from 'bun:test'
import { addressRange, bucketName, encryption, endpoint, keyPrefix, withinRanges } from './s3-values.ts'

test('a bucket, an endpoint and a prefix are what S3 takes', () => {
  expect([bucketName.parse(''), bucketName.parse('team.registry-1'), bucketName.parse('a/b')]).toEqual([
    null,
    'team.registry-1',
    undefined,
  ])
  expect(endpoint.parse('https://s3.example.com')).toBe('https://s3.example.com')
  for (const text of ['s3.example.com', 'https://s3.example.com/path', 'http://key:secret@host', 'ftp://x'])
    expect(endpoint.parse(text)).toBeUndefined()
  expect(['', '/', 'a', '/a/b/'].map((text) => keyPrefix.parse(text))).toEqual(['', '', 'a/', 'a/b/'])
  expect(keyPrefix.parse('a b')).toBeUndefined()
})

test('encryption is the bucket’s own, S3’s or a key’s', () => {
  expect(encryption.parse('bucket')).toBeNull()
  expect(encryption.parse('sse-s3')).toEqual({ kind: 'AES256' })
  expect(encryption.parse('sse-kms')).toEqual({ kind: 'aws:kms', keyId: undefined })
  const key = 'arn:aws:kms:eu-central-1:1234:key/12-34'
  expect(encryption.parse(`sse-kms:${key}`)).toEqual({ kind: 'aws:kms', keyId: key })
  expect(encryption.parse('sse-c')).toBeUndefined()
})

test('an address lies in a range or does not, whichever way it is written', () => {
  const ranges = ['10.0.0.0/8', 'fd00::/8', '192.0.2.7/32'].flatMap((text) => addressRange.parse(text) ?? [])
  const within = withinRanges(ranges)
  for (const address of ['10.255.0.1', '::ffff:10.1.2.3', 'fd12::1', '192.0.2.7'])
    expect([address, within(address)]).toEqual([address, true])
  for (const address of ['11.0.0.1', '::1', '192.0.2.8', '', 'nonsense'])
    expect([address, within(address)]).toEqual([address, false])
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0/8', 'x/8', '10.0.0.0/8/8'])
    expect(addressRange.parse(text)).toBeUndefined()
})
