import { expect, test } from 'bun:test'
import { loadSettings } from './load.ts'
import { storageUrl } from './storage-url.ts'

test('a URL of a bucket stands for the settings that it gives', () => {
  const text = 's3://team-registry/berth?endpoint=http://127.0.0.1:9000&region=eu-central-1&path-style=true'
  expect(loadSettings({ flags: storageUrl(text, '--to-storage'), environment: {} })).toMatchObject({
    'storage.s3.bucket': 'team-registry',
    'storage.s3.prefix': 'berth/',
    'storage.s3.endpoint': 'http://127.0.0.1:9000',
    'storage.s3.region': 'eu-central-1',
    'storage.s3.path-style': 'true',
  })
})

test('a bucket alone is enough', () => {
  expect(storageUrl('s3://Team_x', '--to-storage')).toEqual({
    'storage.s3.bucket': 'Team_x',
    'storage.s3.prefix': '',
  })
})

test.each([
  ['gs://bucket', 'is not a URL such as s3://'],
  ['bucket/prefix', 'is not a URL such as s3://'],
  ['s3:///prefix', 'is not a URL such as s3://'],
  ['s3://key:secret@bucket/x', 'credentials come from AWS_ACCESS_KEY_ID'],
  ['s3://bucket/x?speed=high', 'the parameter speed is not one of endpoint'],
])('%s is refused', (text, why) => {
  expect(() => storageUrl(text, '--to-storage')).toThrow(why)
})
