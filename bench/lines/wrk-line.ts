import type { Contender } from '../contender.ts'
import { requestRate } from '../load/wrk.ts'
import type { Scale } from '../options.ts'
import type { Line, Reach } from './line.ts'

/** What wrk asks for again and again. */
export interface Target {
  readonly url: string
  /** Bytes of the body, as one request has just shown. */
  readonly length: number
}

export interface WrkLineOptions {
  readonly name: string
  readonly reach: Reach
  readonly scale: Scale
  /** Makes the target ready, and checks it. */
  target(contender: Contender): Promise<Target>
}

export function wrkLine({ name, reach, scale, target }: WrkLineOptions): Line {
  const connections = 32
  const targets = new Map<Contender, Target>()
  return {
    name,
    metrics: [{ key: 'rate', label: name, unit: '/s', reach }],
    prepare: async (contender) => {
      const ready = await target(contender)
      targets.set(contender, ready)
      await warmUp(ready, { connections, scale })
    },
    measure: async (contender) => {
      const ready = targets.get(contender)
      if (!ready) throw new Error(`${name} was not prepared`)
      return { rate: await requestRate({ ...ready, connections, seconds: scale.wrkSeconds }) }
    },
  }
}

export async function warmUp(target: Target, { connections, scale }: { connections: number; scale: Scale }) {
  if (scale.warmUpSeconds > 0) await requestRate({ ...target, connections, seconds: scale.warmUpSeconds })
}
