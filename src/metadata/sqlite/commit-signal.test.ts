import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { CommitSignal } from './commit-signal.ts'

test('a move is seen through every opening of the file, in this process and in another', async () => {
  const path = join(await temporaryDirectory(), 'commits')
  const [one, other] = [new CommitSignal(path), new CommitSignal(path)]
  const before = other.value()
  one.move()
  expect(other.value()).toBe(before + 1)
  const module = join(import.meta.dir, 'commit-signal.ts')
  const script = `import { CommitSignal } from ${JSON.stringify(module)}; new CommitSignal(${JSON.stringify(path)}).move()`
  expect(Bun.spawnSync([process.execPath, '-e', script]).exitCode).toBe(0)
  expect(one.value()).toBe(before + 2)
  expect(other.value()).toBe(before + 2)
})
