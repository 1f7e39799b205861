/** Waiting with nothing on the stack. OTP: `erlang:hibernate/3`. */
import { applyMfa, currentVersion, type ModuleRef } from './modules.js'
import { context } from './proc.js'
import { receive } from './receive.js'
import { soon } from './scheduler.js'
import { crashed, endItself, me } from './signal.js'
import { isThenable } from './spawn.js'

/**
 * The calling process goes on with an exported function, in the version that is current then, when a message is there
 * (at once when one is); the message stays in the mailbox. Never settles: what called it never goes on, and the process
 * ends with the function.
 */
export function hibernate(module: ModuleRef, fun: string, args: readonly unknown[]): Promise<never> {
  const proc = me()
  const goOn = (): void => {
    try {
      proc.running = { module, token: currentVersion(module) }
      const result = applyMfa([module, fun, [...args]])
      const done = (): void => endItself(proc, 'normal')
      if (!isThenable(result)) done()
      else Promise.resolve(result).then(done, (thrown: unknown) => crashed(proc, thrown))
    } catch (thrown) {
      crashed(proc, thrown)
    }
  }
  const awake = (): void => {
    if (!proc.dead) context.run(proc, goOn)
  }
  if (proc.count > 0) soon(awake)
  else {
    let waked = false
    // Looks at the first message and takes none: the next receive takes the place of this one.
    void receive(() => {
      // The message is in the mailbox when this has returned.
      if (!waked) queueMicrotask(() => soon(awake))
      waked = true
      return false
    })
  }
  return new Promise(() => {})
}
