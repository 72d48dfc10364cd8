import { imageLine } from './images.ts'
import type { Line, LineContext } from './line.ts'
import { listingLines } from './listings.ts'
import { manyConnectionsLine, pullLines } from './pulls.ts'
import { startLine } from './start.ts'
import { transferLines } from './transfers.ts'

/** Berth against its peers; the ratios are those of the design. */
export function peerLines(context: LineContext): Line[] {
  return [
    ...pullLines(context, {
      'manifest by tag': { ratio: 6 },
      'manifest by digest': { ratio: 5 },
      '64 KiB blob': { ratio: 12 },
      '1 MiB blob': { ratio: 2.4 },
    }),
    manyConnectionsLine(context),
    ...transferLines(context),
    imageLine(context, { clients: 1 }),
    imageLine(context, { clients: 16, ratio: 6 }),
    imageLine(context, { clients: 64 }),
    ...listingLines(context),
    startLine(context),
  ]
}
