import type { Contender } from '../contender.ts'
import { requestRate } from '../load/wrk.ts'
import { watchMemory } from '../process-tree.ts'
import type { Line, LineContext, Reach } from './line.ts'
import { type Part, pulledPart } from './pulled-image.ts'
import { type Target, warmUp, wrkLine } from './wrk-line.ts'

/** Pulling manifests and small blobs over 32 connections. */
export function pullLines({ scale }: LineContext, reach: Readonly<Record<Part, Reach>>): Line[] {
  const parts: readonly Part[] = ['manifest by tag', 'manifest by digest', '64 KiB blob', '1 MiB blob']
  return parts.map((part) =>
    wrkLine({
      name: `GET ${part}`,
      reach: reach[part],
      scale,
      target: (contender) => pulledPart(contender, part),
    }),
  )
}

/** A thousand pulls at once, and what they cost in memory. */
export function manyConnectionsLine({ scale }: LineContext): Line {
  const connections = 1_000
  const targets = new Map<Contender, Target>()
  const name = 'GET 64 KiB blob, 1,000 connections'
  return {
    name,
    metrics: [
      { key: 'rate', label: name, unit: '/s', reach: { ratio: 11 } },
      { key: 'memory', label: '  resident memory at its peak', unit: 'MiB', reach: { below: 100 } },
    ],
    prepare: async (contender) => {
      const target = await pulledPart(contender, '64 KiB blob')
      targets.set(contender, target)
      await warmUp(target, { connections, scale })
    },
    measure: async (contender) => {
      const target = targets.get(contender)
      if (!target) throw new Error(`${name} was not prepared`)
      const { pid } = await contender.instance('images')
      const memory = watchMemory(pid)
      try {
        const rate = await requestRate({ ...target, connections, seconds: scale.wrkSeconds })
        return { rate, memory: memory.stop() }
      } finally {
        memory.stop()
      }
    },
  }
}
