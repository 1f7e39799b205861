/** A world for an upgrade in which one effect of them all fails. */
import type { UpgradeWorld } from '../../../runtime/sasl/src/upgrade_world.js'

/** Every effect on the world in a row; the n-th fails before, or after it has happened. */
export function failingWorld(
  world: UpgradeWorld,
  at: number,
  when: 'before' | 'after',
): UpgradeWorld & { readonly calls: string[] } {
  const calls: string[] = []
  const wrap = <T extends object>(part: T, names: readonly (keyof T & string)[]): T => {
    const wrapped: object = { ...part }
    for (const name of names) {
      const effect = part[name]
      if (typeof effect !== 'function') continue
      const guarded = (...args: unknown[]): unknown => {
        calls.push(name)
        if (calls.length !== at) return effect(...args)
        const fault = (): never => {
          throw new Error(`fault ${at}: ${name}`)
        }
        if (when === 'before') return fault()
        const result: unknown = effect(...args)
        return result instanceof Promise ? result.then(fault) : fault()
      }
      Object.assign(wrapped, { [name]: guarded })
    }
    return wrapped as T // the same functions, some of which fail
  }
  // A path is set without fail, and a resume cannot be lost: it stands in the mailbox.
  const paths = when === 'before' ? (['usePath'] as const) : []
  return {
    code: wrap(world.code, ['load', 'remove', 'purge', ...paths]),
    processes: wrap(world.processes, ['walk', 'suspend', 'getState', 'changeCode', 'terminateChild', 'restartChild']),
    applies: wrap(world.applies, ['apply', 'runningApplications']),
    nowMs: world.nowMs,
    calls,
  }
}
