import { expect, test } from 'bun:test'
import { makeAccessToken, makeUser } from '../../../test/support/accounts.ts'
import { memoryRegistry } from '../../../test/support/memory-registry.ts'
import { TokenUses } from './token-uses.ts'

test('the last use of each token is written down in one go', async () => {
  const { metadata } = await memoryRegistry()
  const { id: owner } = await makeUser(metadata, { name: 'alice' })
  const [used, unused] = [await makeAccessToken(metadata, owner), await makeAccessToken(metadata, owner)]
  let now = 1000
  const uses = new TokenUses(metadata, () => now)
  uses.note(used.id)
  now = 2000
  uses.note(used.id)
  const lastUse = async (id: string) => (await metadata.findAccessTokenById(id))?.lastUsedAt
  expect(await lastUse(used.id)).toBeUndefined()
  await uses.stop()
  expect([await lastUse(used.id), await lastUse(unused.id)]).toEqual([2000, undefined])
  await metadata.close()
})
