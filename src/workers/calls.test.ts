import { describe, expect, test } from 'bun:test'
import { RegistryError } from '../oci/errors.ts'
import { Calls, type Envelope, type Methods } from './calls.ts'

type Echo = {
  echo(value: unknown): Promise<unknown>
  fail(code: string): Promise<never>
  never(nothing: null): Promise<void>
}

/** Two sides whose messages cross a boundary that copies them, as two processes' do. */
function connected(methods: Partial<Echo> = {}) {
  const sent: Envelope[] = []
  const there: Calls<Methods> = new Calls({ ...echo, ...methods }, (envelope) =>
    here.receive(structuredClone(envelope)),
  )
  const here: Calls<Echo> = new Calls<Echo>({}, (envelope) => {
    sent.push(envelope)
    there.receive(structuredClone(envelope))
  })
  return { here, sent }
}

const echo: Echo = {
  echo: async (value) => value,
  async fail(code) {
    if (code === 'plain') throw Object.assign(new TypeError('plain trouble'), { code: 'EIO' })
    throw new RegistryError('BLOB_UPLOAD_BUSY', 'busy', { detail: { offset: 7 }, cause: new Error('why') })
  },
  never: () => new Promise(() => undefined),
}

describe('a call of another process', () => {
  test('answers with what the method returns, bytes and nothing among it', async () => {
    const { here } = connected()
    const value = { bytes: new Uint8Array([1, 2]), nothing: undefined, none: null, list: ['a', { b: 1 }] }
    expect(await here.call('echo', value)).toEqual(value)
    expect(await here.call('echo', undefined)).toBeUndefined()
  })

  test('goes in one message with the others of its turn', async () => {
    const { here, sent } = connected()
    expect(await Promise.all([1, 2, 3].map((value) => here.call('echo', value)))).toEqual([1, 2, 3])
    expect(sent.map(({ asks }) => asks.length)).toEqual([3])
  })

  test('fails as the method did: with its code, its message, its detail and its cause', async () => {
    const { here } = connected()
    const error = await here.call('fail', 'registry').catch((thrown) => thrown)
    expect(error).toBeInstanceOf(RegistryError)
    expect(error).toMatchObject({ code: 'BLOB_UPLOAD_BUSY', message: 'busy', detail: { offset: 7 } })
    expect(error.cause).toMatchObject({ message: 'why' })
    const plain = await here.call('fail', 'plain').catch((thrown) => thrown)
    expect(plain).not.toBeInstanceOf(RegistryError)
    expect(plain).toMatchObject({ name: 'TypeError', code: 'EIO', message: 'plain trouble' })
  })

  test('carries of a larger buffer only the bytes that are meant', async () => {
    const { here, sent } = connected()
    const large = new Uint8Array(1_000_000).fill(9)
    expect(await here.call('echo', { part: large.subarray(10, 13) })).toEqual({
      part: new Uint8Array([9, 9, 9]),
    })
    const argument = sent[0]?.asks[0]?.argument as { part: Uint8Array } | undefined
    expect(argument?.part.buffer.byteLength).toBe(3)
  })

  test('is given up when its time is over', async () => {
    const { here } = connected()
    await expect(here.call('never', null, { patience: 5 })).rejects.toMatchObject({ name: 'CallError' })
  })

  test('fails where the other process ends before its answer, and at once afterwards', async () => {
    const { here } = connected()
    const asked = here.call('never', null)
    here.close('it ended')
    await expect(asked).rejects.toThrow('it ended')
    await expect(here.call('echo', 1)).rejects.toThrow('it ended')
  })

  test('of a method that is not there fails', async () => {
    const { here } = connected()
    await expect(here.call('toString' as 'echo', 1)).rejects.toThrow('no method toString')
  })
})
