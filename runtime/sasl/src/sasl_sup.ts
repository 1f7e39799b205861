/**
 * The supervisor of sasl: the release handler, whose end ends sasl and with it the node, and what may be restarted. OTP:
 * sasl's sasl.erl, `init/1`.
 */
import type { StartResult } from '../../stdlib/src/gen_server.js'
import * as supervisor from '../../stdlib/src/supervisor.js'
import * as releaseHandler from './release_handler.js'
import * as releaseHandlerServer from './release_handler_server.js'
import * as saslSafeSup from './sasl_safe_sup.js'
import * as callbacks from './sasl_sup.js'

/** Starts it under its name. */
export const startLink = (): Promise<StartResult> => supervisor.startLink({ local: 'sasl_sup' }, callbacks, [])

/** Its children. */
export const init: supervisor.Init = () => [
  'ok',
  { strategy: 'one_for_one', intensity: 0, period: 1 },
  [
    {
      id: 'sasl_safe_sup',
      start: [saslSafeSup, 'startLink', []],
      shutdown: 'infinity',
      type: 'supervisor',
      modules: [saslSafeSup],
    },
    { id: 'release_handler', start: [releaseHandler, 'startLink', []], modules: [releaseHandlerServer] },
  ],
]
