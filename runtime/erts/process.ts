/** Processes: everything about them in one place. OTP: the process functions of module `erlang`. */
import { ErlangError } from './exit.js'
import { current } from './proc.js'
import type { Pid } from './term.js'

export { ErlangError, Exit, error, exit, exitReason, isNormalish, Stack } from './exit.js'
export { setFenceWarnings } from './fence.js'
export { hibernate } from './hibernate.js'
export { type InfoItem, isAlive, type ProcessInfo, processes, processInfo, runningCode } from './info.js'
export {
  type CancelOptions,
  cancelTimer,
  readTimer,
  sendAfter,
  startTimer,
  type TimerOptions,
} from './message_timer.js'
export {
  abortSignal,
  alias,
  enterVersion,
  erase,
  get,
  getKeys,
  groupLeader,
  put,
  receive,
  setGroupLeader,
  sleep,
  type Timeout,
  timeout,
  trapExit,
  unalias,
} from './receive.js'
export {
  register,
  registered,
  registeredGlobal,
  registerGlobal,
  unregister,
  unregisterGlobal,
  whereis,
  whereisGlobal,
} from './registry.js'
export {
  type DemonitorOptions,
  type Dest,
  demonitor,
  exitPid,
  link,
  type MonitorOptions,
  monitor,
  NODE,
  send,
  sendGlobal,
  unlink,
} from './signal.js'
export { type Body, inProcess, type SpawnOptions, spawn, spawnLink, spawnMonitor, spawnOpt } from './spawn.js'
export { type AliasMode, equal, format, makeRef, Pid, Ref } from './term.js'

/** The calling process. OTP: `self/0`. @throws ErlangError `not_a_process` outside any */
export function self(): Pid {
  const proc = current()
  if (proc === null) throw new ErlangError('not_a_process')
  return proc.pid
}

/** The calling process, or undefined outside any (an HTTP handler, a script's top level). */
export const selfOrUndefined = (): Pid | undefined => current()?.pid
