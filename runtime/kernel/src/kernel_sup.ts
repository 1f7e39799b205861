/**
 * The kernel's supervisor: code server, the logger's supervisor, and in a release the control endpoint. OTP: kernel's
 * kernel.erl, `init/1`.
 *
 * Departure: OTP does not restart processes of the kernel; the end of any ends the node. Here the control endpoint,
 * which nothing in the node depends on, is restarted.
 */
import { nodeArguments } from '../../erts/arguments.js'
import type { StartResult } from '../../stdlib/src/gen_server.js'
import * as supervisor from '../../stdlib/src/supervisor.js'
import * as codeServer from './code_server.js'
import * as controlServer from './control_server.js'
import * as callbacks from './kernel_sup.js'
import * as loggerSup from './logger_sup.js'
import * as serviceManager from './service_manager.js'

/** Starts it under its name. */
export const startLink = (): Promise<StartResult> => supervisor.startLink({ local: 'kernel_sup' }, callbacks, [])

/** Its children. */
export const init: supervisor.Init = () => {
  const node = nodeArguments()
  const code = { id: 'code_server', start: [codeServer, 'startLink', []], modules: [codeServer] } as const
  const logger = {
    id: 'logger_sup',
    start: [loggerSup, 'startLink', []],
    shutdown: 'infinity',
    type: 'supervisor',
    modules: [loggerSup],
  } as const
  if (node === undefined) return ['ok', FLAGS, [code, logger]]
  const options = { root: node.root, name: node.name }
  const control = {
    id: 'control_server',
    start: [controlServer, 'startLink', [options]],
    modules: [controlServer],
  } as const
  const service = {
    id: 'service_manager',
    start: [serviceManager, 'startLink', []],
    modules: [serviceManager],
  } as const
  return ['ok', FLAGS, [code, logger, control, ...(serviceManager.isWanted() ? [service] : [])]]
}

const FLAGS = { strategy: 'one_for_one', intensity: 3, period: 60 } as const
