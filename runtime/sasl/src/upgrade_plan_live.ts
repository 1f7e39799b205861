/** How many processes of this node run each module: what makes a plan concrete. */
import { hostname } from 'node:os'
import { nodeArguments } from '../../erts/arguments.js'
import { processesByModule } from './node_world.js'
import type { LiveCounts } from './upgrade_plan_types.js'

/** Counts the processes of all supervision trees. @param name of the release that runs, where the node has none of its own */
export async function countLive(name: string): Promise<LiveCounts> {
  return {
    node: `${nodeArguments()?.name ?? name}@${hostname()}`,
    processes: Object.fromEntries(await processesByModule()),
  }
}
