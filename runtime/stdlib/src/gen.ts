/** What all behaviours share: starting, calling, stopping. OTP: stdlib `gen.erl`. */
import { KIND } from '../../erts/mailbox.js'
import type { Timeout } from '../../erts/receive.js'
import { type CallSite, call, type ServerRef } from './gen_call.js'

export { type Call, type CallSite, call, cast, type From, find, type ServerName, type ServerRef } from './gen_call.js'
export {
  type Initialise,
  type InitOutcome,
  type StartMonitorResult,
  type StartOptions,
  type StartResult,
  startProcess,
} from './gen_start.js'
export { stopProcess } from './gen_stop.js'

/**
 * Sends a system message and waits for its answer.
 *
 * @param where `[function, args]` of module sys as the client wrote it
 * @returns the answer; rejects with an Exit of reason `[cause, ['sys', function, args]]`
 */
export function systemCall(
  ref: ServerRef,
  request: unknown,
  timeout: Timeout,
  [fun, args]: readonly [fun: string, args: readonly unknown[]],
): Promise<unknown> {
  const site: CallSite = ['sys', fun]
  return call(KIND.system, ref, request, timeout, site, args)
}
