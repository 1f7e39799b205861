import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exitPid, monitor, type Pid, whereis } from '../../../runtime/erts/process.js'
import * as Logger from '../../../runtime/kernel/src/logger.js'
import * as AlarmHandler from '../../../runtime/sasl/src/alarm_handler.js'
import * as saslSafeSup from '../../../runtime/sasl/src/sasl_safe_sup.js'
import * as GenEvent from '../../../runtime/stdlib/src/gen_event.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as Supervisor from '../../../runtime/stdlib/src/supervisor.js'
import { next, trapping } from '../../support/processes.js'

const test = suite('sasl/alarm_handler')
let logged: unknown[] = []

test.before.each(() => {
  logged = []
  for (const id of Logger.getHandlerIds()) Logger.removeHandler(id)
  Logger.addHandler('h', {
    log: ({ level, msg }: Logger.LogEvent) => logged.push([level, 'report' in msg ? msg.report : msg]),
  })
})
test.after.each(() => void Logger.removeHandler('h'))

/** Runs below sasl's safe supervisor. */
const withAlarms = (body: () => Promise<void>) =>
  trapping(async () => {
    await saslSafeSup.startLink()
    await body()
    await GenServer.stop('sasl_safe_sup', 'shutdown')
  })

/** A handler of somebody's own that keeps what it is given. */
const mine = {
  init: (arg: unknown) => ['ok', [arg]],
  handleEvent: (event: unknown, state: unknown[]) => ['ok', [...state, event]],
  handleCall: (_request: unknown, state: unknown[]) => ['ok', state, state],
}

test(
  'S130 a1 set twice and a2: the newest first; a1 cleared: one of it is left',
  withAlarms(async () => {
    assert.equal(await AlarmHandler.getAlarms(), [])
    assert.is(AlarmHandler.setAlarm(['a1', 'x']), 'ok')
    AlarmHandler.setAlarm(['a1', 'y'])
    AlarmHandler.setAlarm(['a2', 'z'])
    assert.equal(await AlarmHandler.getAlarms(), [
      ['a2', 'z'],
      ['a1', 'y'],
      ['a1', 'x'],
    ])
    assert.is(AlarmHandler.clearAlarm('a1'), 'ok')
    AlarmHandler.clearAlarm('none')
    assert.equal(await AlarmHandler.getAlarms(), [
      ['a2', 'z'],
      ['a1', 'x'],
    ])
  }),
)

test(
  'S130 a handler that takes its place gets the alarms; getAlarms is bad_module then',
  withAlarms(async () => {
    AlarmHandler.setAlarm(['a1', 'x'])
    assert.is(await GenEvent.swapHandler('alarm_handler', [AlarmHandler, 'swap'], [mine, 'args']), 'ok')
    AlarmHandler.setAlarm(['a2', 'y'])
    AlarmHandler.clearAlarm('a1')
    assert.equal(await GenEvent.call('alarm_handler', mine, 'get'), [
      ['args', ['alarm_handler', [['a1', 'x']]]],
      ['set_alarm', ['a2', 'y']],
      ['clear_alarm', 'a1'],
    ])
    assert.equal(await AlarmHandler.getAlarms(), ['error', 'bad_module'])
  }),
)

test(
  'S130 setting and clearing is logged as an information report',
  withAlarms(async () => {
    AlarmHandler.setAlarm(['a1', 'x'])
    AlarmHandler.clearAlarm('a1')
    await AlarmHandler.getAlarms()
    assert.equal(logged, [
      ['notice', [['alarm_handler', ['set', ['a1', 'x']]]]],
      ['notice', [['alarm_handler', ['clear', 'a1']]]],
    ])
  }),
)

test(
  'S130 handlers are added besides and removed',
  withAlarms(async () => {
    assert.is(await AlarmHandler.addAlarmHandler(mine, 1), 'ok')
    assert.equal(await GenEvent.whichHandlers('alarm_handler'), [mine, AlarmHandler])
    assert.is(await AlarmHandler.deleteAlarmHandler(mine), 'ok')
    assert.equal(await GenEvent.whichHandlers('alarm_handler'), [AlarmHandler])
  }),
)

test(
  'other questions are bad',
  withAlarms(async () => {
    assert.equal(await GenEvent.call('alarm_handler', AlarmHandler, 'what'), ['error', 'bad_query'])
  }),
)

test(
  'the alarm handler is a child of sasl_safe_sup with modules "dynamic", and comes again',
  withAlarms(async () => {
    const [child] = await Supervisor.whichChildren('sasl_safe_sup')
    assert.equal([child?.[0], child?.[2], child?.[3]], ['alarm_handler', 'worker', 'dynamic'])
    AlarmHandler.setAlarm(['a1', 'x'])
    const before = child?.[1] as Pid
    monitor(before)
    exitPid(before, 'kill')
    await next((message) => Array.isArray(message) && message[0] === 'DOWN')
    // The supervisor answers after it has started the child again.
    await Supervisor.whichChildren('sasl_safe_sup')
    assert.ok(whereis('alarm_handler') !== before)
    assert.equal(await AlarmHandler.getAlarms(), [])
  }),
)

test.run()
