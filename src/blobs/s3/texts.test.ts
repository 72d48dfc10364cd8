import { expect, test } from 'bun:test'
import { digestOf } from '../../oci/digest.ts'
import { committedKey, finalKey, recognise, tailKey, uploadKey } from './keys.ts'
import { encryptionHeaders } from './options.ts'
import { readNotes, writeNotes } from './upload-notes.ts'
import { elements, escaped, textOf } from './xml.ts'

test('reads the elements of an answer, and no others whose names begin alike', () => {
  const xml =
    '<?xml version="1.0"?><R xmlns="x"><Upload><Key>a&amp;b&#60;&#x3e;</Key><UploadId>1</UploadId></Upload><Upload a="b"><Key>c</Key></Upload></R>'
  expect(elements(xml, 'Upload').map((one) => textOf(one, 'Key'))).toEqual(['a&b<>', 'c'])
  expect(textOf(xml, 'UploadId')).toBe('1')
  expect(textOf(xml, 'Code')).toBeUndefined()
})

test('what is escaped is read back as it was', () => {
  const text = `"a" <&> 'b'\r\n`
  expect(textOf(`<Key>${escaped(text)}</Key>`, 'Key')).toBe(text)
})

test('knows the names that it gives, and of which upload they are', () => {
  const digest = digestOf(new Uint8Array())
  expect(recognise(committedKey('id-1', digest))).toEqual({ ours: true, upload: undefined })
  for (const key of [finalKey('id-1'), tailKey('id-1', 'writer-1')])
    expect(recognise(key)).toEqual({ ours: true, upload: uploadKey('id-1') })
  for (const key of ['blobs/stray', 'uploads/a/b/c', 'uploads/', 'else', 'blobs/sha256/ab/cd.id'])
    expect(recognise(key)).toEqual({ ours: false, upload: undefined })
})

test('notes are read as they were written', () => {
  const notes = {
    size: 12_000_007,
    multipart: 'm',
    parts: [
      { size: 6_000_000, etag: '"a"' },
      { size: 6_000_000, etag: '"b"' },
    ],
    tail: { key: 'uploads/u/w', size: 7, etag: '"c"' },
    whole: false,
  }
  expect(readNotes(writeNotes(notes))).toEqual(notes)
  const whole = { size: 3, multipart: undefined, parts: [], tail: undefined, whole: true }
  expect(readNotes(writeNotes(whole))).toEqual(whole)
  expect(readNotes(null)).toBeUndefined()
})

test('asks for the encryption that is set', () => {
  expect(encryptionHeaders(undefined)).toEqual({})
  expect(encryptionHeaders({ kind: 'AES256' })).toEqual({ 'x-amz-server-side-encryption': 'AES256' })
  expect(encryptionHeaders({ kind: 'aws:kms', keyId: 'k' })).toEqual({
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': 'k',
  })
})
