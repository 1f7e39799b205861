/** The supervisor of sasl: the release handler. OTP: sasl's sasl.erl, `init/1`. */
import type { StartResult } from '../../stdlib/src/gen_server.js'
import * as supervisor from '../../stdlib/src/supervisor.js'
import * as releaseHandler from './release_handler.js'
import * as callbacks from './sasl_sup.js'

/** Starts it under its name. */
export const startLink = (): Promise<StartResult> => supervisor.startLink({ local: 'sasl_sup' }, callbacks, [])

/** Its children. */
export const init: supervisor.Init = () => [
  'ok',
  { strategy: 'one_for_one', intensity: 3, period: 60 },
  [{ id: 'release_handler', start: [releaseHandler, 'startLink', []], modules: [releaseHandler] }],
]
