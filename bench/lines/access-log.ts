import { stat } from 'node:fs/promises'
import type { Contender } from '../contender.ts'
import type { Line, LineContext } from './line.ts'
import { pullLines } from './pulls.ts'

/** Berth with its access log against Berth without. */
export function accessLogLines(context: LineContext, { logged }: { logged: string }): Line[] {
  const most = { ratio: 0.85 }
  const lines = pullLines(context, {
    'manifest by tag': most,
    'manifest by digest': most,
    '64 KiB blob': most,
    '1 MiB blob': most,
  })
  return lines.map((line) => ({
    ...line,
    name: `access log: ${line.name}`,
    measure: async (contender) => {
      const before = await logSize(contender)
      const figures = await line.measure(contender)
      const wrote = (await logSize(contender)) > before
      if (wrote !== (contender.product.key === logged)) {
        throw new Error(
          `${contender.product.name}: its log ${wrote ? 'grew' : 'did not grow'} during the load`,
        )
      }
      return figures
    },
  }))
}

async function logSize(contender: Contender): Promise<number> {
  const { log } = await contender.instance('images')
  return (await stat(log)).size
}
