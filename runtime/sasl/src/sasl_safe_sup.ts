/** The supervisor of what may fail without harm to releases: the alarm handler. OTP: sasl's sasl.erl, `init(safe)`. */
import type { StartResult } from '../../stdlib/src/gen_server.js'
import * as supervisor from '../../stdlib/src/supervisor.js'
import * as alarmHandler from './alarm_handler.js'
import * as callbacks from './sasl_safe_sup.js'

/** Starts it under its name. */
export const startLink = (): Promise<StartResult> => supervisor.startLink({ local: 'sasl_safe_sup' }, callbacks, [])

/** Its child; the modules of an event manager are those of its handlers at the time. */
export const init: supervisor.Init = () => [
  'ok',
  { strategy: 'one_for_one', intensity: 4, period: 3600 },
  [{ id: 'alarm_handler', start: [alarmHandler, 'startLink', []], shutdown: 2000, modules: 'dynamic' }],
]
