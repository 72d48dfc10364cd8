import type { Random } from '../load/random.ts'
import type { Fleet } from './fleet.ts'

/** Something that breaks under load, and is whole again when this resolves. */
export interface Breakdown {
  readonly name: string
  happen(fleet: Fleet, random: Random): Promise<void>
}

/** One server ends without a word, and another is started a moment later. */
export const replicaKilled: Breakdown = {
  name: 'a server killed',
  async happen(fleet, random) {
    const server = random.pick(fleet.servers)
    if (!server) throw new Error('there is no server to kill')
    await fleet.kill(server)
    await Bun.sleep(random.below(300))
    await fleet.add()
  },
}

/** As a rolling update does it: the next one is there before one goes. */
export const replicaReplaced: Breakdown = {
  name: 'a server replaced',
  async happen(fleet) {
    const [oldest] = fleet.servers
    await fleet.add()
    if (oldest) await fleet.retire(oldest)
  },
}

/** A service that all servers need ends at once, and comes back after a moment. */
export function serviceCrashed(
  name: string,
  service: { crash(): Promise<void>; recover(): Promise<void> },
): Breakdown {
  return {
    name,
    async happen(_, random) {
      await service.crash()
      await Bun.sleep(random.below(500))
      await service.recover()
    },
  }
}
