/** A state machine for tests: events that are functions are run, all others are told to the test. */
import { Pid } from '../../../runtime/erts/process.js'
import * as GenStatem from '../../../runtime/stdlib/src/gen_statem.js'
import { fromOf } from '../../../runtime/stdlib/src/gen_statem_events.js'

/** An event that says itself what comes of it. */
export type Script = (state: string, data: unknown, type: GenStatem.EventType | 'enter') => unknown

/** The type of an event, a call without whom to answer. */
const word = (type: unknown): unknown => (Array.isArray(type) && type[0] === 'call' ? 'call' : type)

/** States `a`, `b` and `c`; begins in `a` with data `d`, or as its argument, a function, says. */
export function scripted(tell: (message: unknown) => void, more: object = {}) {
  const on = (state: string) => (type: GenStatem.EventType | 'enter', content: unknown, data: unknown) => {
    if (typeof content === 'function') return content(state, data, type)
    tell([state, word(type), content])
    return 'keep_state_and_data'
  }
  return {
    callbackMode: (): unknown => 'state_functions',
    init: (arg: unknown) => (typeof arg === 'function' ? arg() : ['ok', 'a', 'd']),
    a: on('a'),
    b: on('b'),
    c: on('c'),
    terminate: (reason: unknown, state: unknown, data: unknown) => tell(['terminate', reason, state, data]),
    ...more,
  }
}

/** The pid of a start that went well. */
export async function started(result: Promise<unknown>): Promise<Pid> {
  const answer = await result
  if (Array.isArray(answer) && answer[0] === 'ok' && answer[1] instanceof Pid) return answer[1]
  throw new Error(`not started: ${String(answer)}`)
}

/** Sends an event with this outcome, and waits until it has been handled. */
export async function does(pid: Pid, returned: unknown): Promise<void> {
  const script: Script = () => returned
  GenStatem.cast(pid, script)
  await idle(pid)
}

/** The action that answers a call. */
export function answer(type: GenStatem.EventType | 'enter', value: unknown): GenStatem.ReplyAction {
  const from = type === 'enter' ? undefined : fromOf(type)
  if (from === undefined) throw new Error('expected a call')
  return ['reply', from, value]
}

/** Waits until a machine has handled all that was sent so far. */
export async function idle(pid: Pid): Promise<void> {
  const script: Script = (_state, _data, type) => ['keep_state_and_data', answer(type, 'idle')]
  await GenStatem.call(pid, script)
}
