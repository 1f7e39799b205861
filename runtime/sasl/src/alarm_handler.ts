/**
 * The alarm handler: an event manager of that name to which alarms are set and cleared. Its first handler, this module,
 * keeps the list of alarms and logs; it can be replaced. OTP: sasl's alarm_handler.erl.
 *
 *     AlarmHandler.setAlarm(['disk_almost_full', '/var'])
 *     await AlarmHandler.getAlarms() // [['disk_almost_full', '/var']]
 *     AlarmHandler.clearAlarm('disk_almost_full')
 *
 * To replace it: `GenEvent.swapHandler('alarm_handler', [AlarmHandler, 'swap'], [mine, args])`; `mine.init` gets `[args,
 * ['alarm_handler', alarms]]` and its `handleEvent` the events `['set_alarm', alarm]` and `['clear_alarm', id]`.
 */
import { whereis } from '../../erts/process.js'
import { equal } from '../../erts/term.js'
import * as errorLogger from '../../kernel/src/error_logger.js'
import * as genEvent from '../../stdlib/src/gen_event.js'
import type { StartResult } from '../../stdlib/src/gen_server.js'
import * as self from './alarm_handler.js'

/** What is wrong, and a description of it. */
export type Alarm = readonly [id: unknown, description: unknown]

/** Name of the event manager. */
const MANAGER = 'alarm_handler'

/** Starts the event manager with the handler that keeps the alarms. */
export async function startLink(): Promise<StartResult> {
  const started = await genEvent.startLink({ local: MANAGER })
  if (started !== 'ignore' && started[0] === 'ok') await genEvent.addHandler(MANAGER, self, [])
  return started
}

/** Sets an alarm. @returns `'ok'`, without waiting @throws ErlangError `badarg` when sasl does not run */
export const setAlarm = (alarm: Alarm): 'ok' => genEvent.notify(MANAGER, ['set_alarm', alarm])

/** Clears an alarm; of several with this id the one set last. @returns `'ok'`, without waiting */
export const clearAlarm = (id: unknown): 'ok' => genEvent.notify(MANAGER, ['clear_alarm', id])

/** @returns the alarms, the one set last first; `['error', 'bad_module']` when this handler has been replaced */
export const getAlarms = (): Promise<Alarm[] | readonly ['error', unknown]> =>
  genEvent.call(MANAGER, self, 'get_alarms')

/** Adds a handler of alarms besides. */
export const addAlarmHandler = (handler: genEvent.HandlerName, arg: unknown = []): Promise<unknown> =>
  genEvent.addHandler(MANAGER, handler, arg)

/** Removes a handler of alarms. */
export const deleteAlarmHandler = (handler: genEvent.HandlerName): Promise<unknown> =>
  genEvent.deleteHandler(MANAGER, handler, [])

/** Whether alarms can be set: the event manager runs. */
export const isRunning = (): boolean => whereis(MANAGER) !== undefined

// ---- the handler

/** No alarm at first. */
export const init: genEvent.HandlerInit<readonly Alarm[]> = () => ['ok', []]

/** Keeps and logs. */
export const handleEvent: genEvent.HandleEvent<readonly Alarm[]> = (event, alarms) => {
  const [what, about]: unknown[] = Array.isArray(event) ? event : []
  if (what === 'set_alarm') {
    errorLogger.infoReport([[MANAGER, ['set', about]]])
    // Whoever sets an alarm gives id and description.
    return ['ok', [about as Alarm, ...alarms]]
  }
  if (what !== 'clear_alarm') return ['ok', alarms]
  errorLogger.infoReport([[MANAGER, ['clear', about]]])
  const newest = alarms.findIndex(([id]) => equal(id, about))
  return ['ok', alarms.filter((_, i) => i !== newest)]
}

/** Answers with the alarms. */
export const handleCall: genEvent.HandleCall<readonly Alarm[]> = (request, alarms) => [
  'ok',
  request === 'get_alarms' ? alarms : ['error', 'bad_query'],
  alarms,
]

/** Other messages are none of its. */
export const handleInfo: genEvent.HandleInfo<readonly Alarm[]> = (_message, alarms) => ['ok', alarms]

/** Hands the alarms to the handler that takes its place. */
export const terminate: genEvent.Terminate<readonly Alarm[]> = (arg, alarms) =>
  arg === 'swap' ? [MANAGER, alarms] : 'ok'
