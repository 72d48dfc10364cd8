import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import { requireTools } from '../support/require.ts'
import { readText } from './files.ts'

const { text } = await readText('deploy/systemd/berth.service')

describe.skipIf(!requireTools(['systemd-analyze']))('the systemd unit', async () => {
  const unit = join(await temporaryDirectory(), 'berth.service')
  // systemd looks whether the program is there.
  await Bun.write(unit, text.replaceAll('/usr/local/bin/berth', '/bin/true'))

  test('has nothing that systemd would complain about', async () => {
    const { exitCode, stderr } = await attempt('systemd-analyze', ['verify', unit])
    expect(stderr.split('\n').filter((line) => line.includes('berth.service'))).toEqual([])
    expect(exitCode).toBe(0)
  })

  test('leaves little exposed', async () => {
    const { exitCode, stdout } = await attempt('systemd-analyze', [
      ...['security', '--offline=true', '--threshold=15', unit],
    ])
    expect(stdout).toContain('Overall exposure level')
    expect(exitCode).toBe(0)
  })

  test('gives transfers longer than they are promised', async () => {
    const drain = Number(/drain: (\d+)s/.exec((await readText('deploy/systemd/berth.yaml')).text)?.[1])
    expect(Number(/^TimeoutStopSec=(\d+)s$/m.exec(text)?.[1])).toBeGreaterThan(drain)
  })
})
