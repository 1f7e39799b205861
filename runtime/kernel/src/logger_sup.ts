/**
 * The logger's supervisor: the event manager of the old error logger, once it is asked for. OTP: kernel's logger_sup.erl.
 *
 * Departure: the handlers of the logger are no processes (see logger_h_common.ts), so there is no other child.
 */
import type { StartResult } from '../../stdlib/src/gen_server.js'
import * as supervisor from '../../stdlib/src/supervisor.js'
import * as callbacks from './logger_sup.js'

/** Its name. */
export const LOGGER_SUP = 'logger_sup'

/** Starts it under its name. */
export const startLink = (): Promise<StartResult> => supervisor.startLink({ local: LOGGER_SUP }, callbacks, [])

/** No child at first. */
export const init: supervisor.Init = () => ['ok', { strategy: 'one_for_one', intensity: 1, period: 10 }, []]
