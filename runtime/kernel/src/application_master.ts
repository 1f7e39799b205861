/**
 * The application master: one process for each running application, the group leader of everything in it.
 *
 * The master itself runs no user code. A second process, hidden between master and top process, calls the callback
 * module: it starts the tree, and at the end it calls `prepStop`, sends `shutdown` to the top process, waits without
 * limit and calls `stop`. Whatever is then left with this group leader is killed.
 *
 *     application_controller - master - starter - top process - ...
 *
 * OTP: kernel's application_master.erl; https://www.erlang.org/doc/system/applications.html
 */
import type { ModuleRef } from '../../erts/modules.js'
import {
  demonitor,
  exit,
  exitPid,
  link,
  makeRef,
  monitor,
  Pid,
  processes,
  processInfo,
  type Ref,
  receive,
  self,
  send,
  sendAfter,
  setGroupLeader,
  spawn,
  spawnLink,
  trapExit,
  unlink,
} from '../../erts/process.js'
import { callback, errorOf, hasCallback, term } from './application_callback.js'
import { type ApplData, isApplicationStarter } from './application_data.js'
import { runPhases } from './application_starter.js'
import { acTab } from './application_table.js'

/**
 * Starts an application's master and through it the application; waits until it is up.
 *
 * @param controller the process the master is linked with
 * @param type       the start type for the callback module, `normal`
 * @returns `['ok', Master]`, or the start's `['error', Reason]`
 */
export async function startMaster(
  controller: Pid,
  data: ApplData & { readonly mod: readonly [ModuleRef, unknown] },
  type: unknown,
): Promise<['ok', Pid] | ['error', unknown]> {
  const caller = self()
  const tag = makeRef()
  const pid = spawn(() => master(controller, caller, tag, data, type))
  const ref = monitor(pid)
  const message = await receive<unknown[]>((m) => isTagged(m, tag) || isDown(m, ref))
  if (!Array.isArray(message) || message[0] !== tag) return ['error', Array.isArray(message) ? message[4] : message]
  demonitor(ref, { flush: true })
  return ['ok', pid]
}

/** Takes an application down, as `Application.stop` does; returns when its last process has ended. */
export async function stopMaster(pid: Pid): Promise<void> {
  const ref = monitor(pid)
  unlink(pid)
  send(pid, ['stop', self()])
  await receive((m) => isDown(m, ref))
  await receive((m) => isExit(m) && m[1] === pid, 0)
}

/**
 * Gives up the start of an application, if it is being started: its processes are killed, and the start fails with the
 * reason. OTP has no way to it.
 */
export function cancelStart(name: string, reason: unknown): void {
  const { masters, startTypes } = acTab()
  const master = masters.get(name)
  if (master !== undefined && startTypes.has(name)) send(master, [CANCEL, 'error', reason])
}

/**
 * Gives up the orderly end of an application, if it is being stopped: its processes are killed, whatever `prepStop`,
 * `stop` or a child waits for. OTP has no way to it.
 */
export function cancelStop(name: string): void {
  const { masters, startTypes } = acTab()
  const master = masters.get(name)
  // One that is neither started nor stopped passes over it.
  if (master !== undefined && !startTypes.has(name)) send(master, [CANCEL])
}

/** Applications that are being started. */
export const startingApplications = (): readonly string[] => [...acTab().startTypes.keys()]

const CANCEL = 'cancel_start'

const isTagged = (m: unknown, tag: Ref): boolean => Array.isArray(m) && m[0] === tag
const isDown = (m: unknown, ref: Ref): boolean => Array.isArray(m) && m[0] === 'DOWN' && m[1] === ref
const isExit = (m: unknown): m is ['EXIT', Pid, unknown] =>
  Array.isArray(m) && m.length === 3 && m[0] === 'EXIT' && m[1] instanceof Pid

const MAX_T = 'maxT'

async function master(
  controller: Pid,
  caller: Pid,
  tag: Ref,
  data: ApplData & { readonly mod: readonly [ModuleRef, unknown] },
  type: unknown,
): Promise<void> {
  trapExit(true)
  link(controller)
  setGroupLeader(self(), self())
  const table = acTab()
  // Before the start: the callback already looks up its parameters by its group leader.
  table.masters.set(data.name, self())
  table.startTypes.set(data.name, type)
  const me = self()
  const starter = spawnLink(() => starting(me, tag, data, type))

  const first = await receive<unknown[]>(
    (m) =>
      isTagged(m, tag) ||
      (Array.isArray(m) && m[0] === CANCEL) ||
      (isExit(m) && (m[1] === starter || m[1] === controller)),
  )
  table.startTypes.delete(data.name)
  const outcome: unknown[] = Array.isArray(first) ? first : []
  if (outcome[0] !== tag || outcome[1] !== 'ok') {
    exitPid(starter, 'kill')
    killAll(me)
    leave(data.name)
    // [tag, "error", Reason], the same with CANCEL, or ["EXIT", Pid, Reason]: the reason stands third in both.
    exit(outcome[2])
  }
  if (data.maxT !== 'infinity') sendAfter(data.maxT, me, MAX_T)
  send(caller, [tag])
  await running(controller, starter, data.name)
}

/** Waits for the end: asked for, commanded by the controller, by time, or of the top process. */
async function running(controller: Pid, starter: Pid, name: string): Promise<never> {
  for (;;) {
    const message = await receive()
    if (message === MAX_T) return terminate('normal', starter, name)
    if (Array.isArray(message) && message[0] === 'stop') return terminate('normal', starter, name)
    if (!isExit(message)) continue
    const [, from, reason] = message
    if (from === controller) return terminate(reason, starter, name)
    if (from === starter) return terminate(reason, undefined, name)
  }
}

async function terminate(reason: unknown, starter: Pid | undefined, name: string): Promise<never> {
  if (starter !== undefined) {
    send(starter, 'terminate')
    // When it is given up, the starter is killed below with all that is left.
    await receive((m) => (isExit(m) && m[1] === starter) || (Array.isArray(m) && m[0] === CANCEL))
  }
  killAll(self())
  leave(name)
  return exit(reason)
}

function leave(name: string): void {
  acTab().masters.delete(name)
  acTab().tops.delete(name)
}

/** Kills every process whose group leader the master is. A killed process starts no other, so once is enough. */
function killAll(leader: Pid): void {
  for (const pid of processes()) {
    if (pid !== leader && processInfo(pid, 'group_leader')?.[1] === leader) exitPid(pid, 'kill')
  }
}

// ---- the hidden process

async function starting(
  parent: Pid,
  tag: Ref,
  data: ApplData & { readonly mod: readonly [ModuleRef, unknown] },
  type: unknown,
): Promise<void> {
  trapExit(true)
  const phased = data.startPhases !== undefined
  const [module, arg] = realStart(data.mod, phased)
  const started = await startTop(module, arg, type)
  if (started[0] === 'error') {
    send(parent, [tag, 'error', started[1]])
    return
  }
  const [, top, state] = started
  link(top)
  acTab().tops.set(data.name, { pid: top, module })
  if (phased) {
    const result = await runPhases(data.startPhases, type, [data.name])
    if (result !== 'ok') {
      await shutDown(top)
      send(parent, [tag, 'error', result[1]])
      return
    }
  }
  send(parent, [tag, 'ok'])
  await guard(top, module, state)
}

/** Without start phases OTP calls `application_starter:start/2` itself, which does not exist. */
function realStart([module, arg]: readonly [ModuleRef, unknown], phased: boolean): readonly [ModuleRef, unknown] {
  if (!phased || !isApplicationStarter(module) || !Array.isArray(arg)) return [module, arg]
  // The application starter's argument is [Mod, Arg].
  return arg as unknown as readonly [ModuleRef, unknown]
}

/** Calls `start`. The three failures and their terms are OTP's. */
async function startTop(
  module: ModuleRef,
  arg: unknown,
  type: unknown,
): Promise<['ok', Pid, unknown] | ['error', unknown]> {
  const call = [module, 'start', [type, arg]]
  const outcome = await callback(module, 'start', [type, arg])
  const value = term(outcome)
  if (outcome.tag === 'EXIT')
    return ['error', outcome.reason === 'normal' ? [value, call] : ['bad_return', [call, value]]]
  if (Array.isArray(value) && value[0] === 'ok' && value[1] instanceof Pid && value.length <= 3)
    return ['ok', value[1], value.length === 3 ? value[2] : []]
  const failed = errorOf(value)
  return ['error', failed === undefined ? ['bad_return', [call, value]] : [failed.reason, call]]
}

/** Keeps the top process until its end or until told to end it. */
async function guard(top: Pid, module: ModuleRef, state: unknown): Promise<never> {
  const message = await receive((m) => m === 'terminate' || (isExit(m) && m[1] === top))
  const last = await prepStop(module, state)
  if (message === 'terminate') await shutDown(top)
  await callback(module, 'stop', [last])
  return exit(isExit(message) ? message[2] : 'normal')
}

async function shutDown(top: Pid): Promise<void> {
  exitPid(top, 'shutdown')
  await receive((m) => isExit(m) && m[1] === top)
}

/** @returns the state for `stop`: what the optional callback returned, or the old one when it fails. */
async function prepStop(module: ModuleRef, state: unknown): Promise<unknown> {
  if (!hasCallback(module, 'prepStop')) return state
  const outcome = await callback(module, 'prepStop', [state])
  return outcome.tag === 'value' ? outcome.value : state
}
