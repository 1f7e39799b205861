/**
 * The node that runs, as an upgrade acts on it: the linker, the processes and their supervisors, the applications.
 * OTP: the calls of release_handler_1.erl to code, sys, supervisor and application.
 */

import { clock } from '../../erts/clock.js'
import type { Linker, Prepared } from '../../erts/linker/linker.js'
import { applicationDir, removeApplicationDir, setApplicationDir } from '../../erts/loader.js'
import { applyMfa, type ModuleRef, sameModule } from '../../erts/modules.js'
import { members, newestProcess } from '../../erts/proc.js'
import { equal, exitPid, isAlive, type Pid, processes, runningCode, whereis } from '../../erts/process.js'
import { Pid as PidClass } from '../../erts/term.js'
import * as application from '../../kernel/src/application.js'
import * as controller from '../../kernel/src/application_controller.js'
import { cancelStart, cancelStop, startingApplications } from '../../kernel/src/application_master.js'
import { isRestartType, type RestartType } from '../../kernel/src/application_types.js'
import * as supervisor from '../../stdlib/src/supervisor.js'
import { childChanges, StaticChildren } from '../../stdlib/src/supervisor_children.js'
import * as sys from '../../stdlib/src/sys.js'
import { type ApplyWorld, moduleIdOf, nameOf } from './apply_step.js'
import { type ChildEntry, type WalkSource, walkProcesses } from './process_walk.js'
import { changeCodeNow, LATER, systemNow } from './system_now.js'
import type { CodeUser, CodeWorld, ProcessWorld, Timeout, UpgradeWorld } from './upgrade_world.js'

/** Limit for asking a supervisor for its children, in ms. */
const ASK_MS = 5_000

/** Modules of the runtime that a relup calls, also where no linker knows them by their ids. */
const OWN: { readonly [id: string]: ModuleRef } = {
  'kernel/application': application,
  'stdlib/supervisor': supervisor,
}

/** The world of this node. @param prepared the code to load; undefined where none is (a script without `load`) */
export function nodeWorld(linker: Linker, prepared: Prepared | undefined): UpgradeWorld {
  return {
    code: codeWorld(linker, prepared),
    processes: processWorld(),
    applies: applyWorld(),
    nowMs: () => clock.monotonicMs(),
  }
}

/** Functions that start one application, with its type as their second argument. */
const STARTS: ReadonlySet<string> = new Set(['start', 'startBoot', 'ensureStarted'])

function applyWorld(): ApplyWorld {
  /** Types of applications that were started as temporary ones. */
  const types = new Map<string, RestartType>()
  return {
    apply: async (module, fun, args) => {
      const id = moduleIdOf(module)
      const [what, type] = args
      if (id !== 'kernel/application' || !STARTS.has(fun) || !isRestartType(type) || type === 'temporary') {
        return applyMfa([OWN[id] ?? module, fun, args])
      }
      const name = nameOf(what)
      const runs = (await runningTypes()).has(name)
      const started: unknown = await applyMfa([application, fun, [what, 'temporary']])
      if (started === 'ok' && !runs) types.set(name, type)
      return started
    },
    interrupt: ([module, fun, [what]]) => {
      if (moduleIdOf(module) === 'stdlib/supervisor') {
        const pid = what instanceof PidClass ? what : whereis(String(what))
        if (pid !== undefined) supervisor.interruptStart(pid)
        return
      }
      // How to end another's call is not known.
      if (moduleIdOf(module) !== 'kernel/application') return
      if (fun === 'stop') return cancelStop(nameOf(what))
      // This one also starts those that the named one needs.
      const names = fun === 'ensureAllStarted' ? startingApplications() : [nameOf(what)]
      for (const name of names) cancelStart(name, 'timeout')
    },
    runningApplications: async () => new Map([...(await runningTypes()), ...types]),
    settle: async () => {
      const running = await runningTypes()
      const wanted = new Map([...types].filter(([name]) => running.has(name)))
      types.clear()
      if (wanted.size === 0) return
      await controller.setRestartTypes(wanted)
    },
  }
}

async function runningTypes(): Promise<ReadonlyMap<string, RestartType>> {
  const running = await application.whichApplications('infinity')
  const types = new Map((await controller.snapshot()).started.map((one) => [one.name, one.restartType]))
  return new Map(running.map(([name]) => [name, types.get(name) ?? 'temporary']))
}

/** Who runs a version of a module in a callback that has not returned. */
export const usersOfVersion = (version: object | undefined): readonly CodeUser[] =>
  version === undefined ? [] : (usersOfVersions([version]).get(version) ?? [])

/** The same for many versions, in one look at the processes. Versions that nobody runs are not in the answer. */
export function usersOfVersions(versions: Iterable<object>): ReadonlyMap<object, readonly CodeUser[]> {
  const wanted = new Set(versions)
  const users = new Map<object, CodeUser[]>()
  if (wanted.size === 0) return users
  for (const pid of processes()) {
    const running = runningCode(pid)
    if (running.length === 0) continue // of very many, most wait
    const tokens = new Set(running.map(({ token }) => token))
    for (const token of tokens) {
      if (!wanted.has(token)) continue
      const isStill = (): boolean => runningCode(pid).some((one) => one.token === token)
      const known = users.get(token)
      if (known === undefined) users.set(token, [{ pid, isStill }])
      else known.push({ pid, isStill })
    }
  }
  return users
}

function codeWorld(linker: Linker, prepared: Prepared | undefined): CodeWorld {
  // A swap brings in new modules with the one it is for; those that are there already each have a swap of their own.
  const fresh = [...(prepared?.ids ?? [])].filter((id) => linker.current(id) === undefined)
  return {
    hasOld: (module) => linker.hasOld(module),
    load: (module) => {
      if (prepared === undefined) throw new Error(`"${module}" was not prepared`)
      return linker.swap(prepared, module)
    },
    remove: (module) => {
      linker.remove(module)
    },
    purge: (module) => {
      linker.purge(module)
    },
    usersOfOld: (module) => usersOfVersion(linker.old(module)),
    snapshot: (modules) => linker.snapshot([...modules, ...fresh]),
    restore: (snapshot) => {
      // Made by the line above, there is no other way to get one.
      linker.restore(snapshot as ReturnType<Linker['snapshot']>)
    },
    usePath: (name, dir) => {
      const before = setApplicationDir(name, dir)
      return () => {
        if (before === undefined) removeApplicationDir(name)
        else setApplicationDir(name, before)
      }
    },
  }
}

/** Folder of an application on the code path. */
export const currentDir = (name: string): string | undefined => applicationDir(name)

/** The module that handles a process's messages; undefined for one that receives by itself. */
const codeOf = (pid: Pid): ModuleRef | undefined => pid.proc?.loop?.code

const isSupervisor = (pid: Pid): boolean => {
  const module = codeOf(pid)
  return module !== undefined && sameModule(module, supervisor)
}

/** How the walk asks the real processes. */
export const walkSource: WalkSource = {
  tops: () => controller.applicationTops(),
  isSupervisor,
  children: (pid) => within(supervisor.whichChildren(pid) as Promise<readonly ChildEntry[]>, ASK_MS), // its documented form
  callbackModule: async (pid) => {
    if (isSupervisor(pid)) return within(supervisor.getCallbackModule(pid), ASK_MS).catch(() => undefined)
    // An event manager has no callback module of its own; its handlers' are asked for.
    return isEventManager(pid) ? undefined : codeOf(pid)
  },
  dynamicModules: async (pid) => {
    if (!isEventManager(pid)) return []
    const state: unknown = await sys.getState(pid, ASK_MS)
    // The first of each entry is the handler's module.
    return Array.isArray(state)
      ? state.flatMap((one: unknown) => (Array.isArray(one) ? [one[0] as ModuleRef] : []))
      : []
  },
  isProcess: (value): value is Pid => value instanceof PidClass,
  isAlive,
}

/** Event managers answer `getState` with `[module, id, state]` of each handler. */
const isEventManager = (pid: Pid): boolean => {
  const loop = pid.proc?.loop
  return loop !== null && loop !== undefined && 'module' in loop && loop.module === 'stdlib/gen_event'
}

/** Processes of all supervision trees by the id of the module they run, sorted by it. @throws WalkFailure */
export async function processesByModule(): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const { modules } of await walkProcesses(walkSource)) {
    for (const module of modules) counts.set(module, (counts.get(module) ?? 0) + 1)
  }
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A system message: served now where that is possible, else through sys. */
function system(pid: Pid, request: unknown, timeout: Timeout, ask: () => Promise<unknown>): unknown {
  const answer = systemNow(pid, request, timeout)
  return answer === LATER ? ask() : answer
}

function processWorld(): ProcessWorld {
  return {
    walk: (known, suspended) => walkProcesses(walkSource, known, suspended),
    isAlive,
    kill: (pid) => {
      exitPid(pid, 'kill')
    },
    newestId: () => newestProcess()?.id ?? 0,
    waitsFor: (pid) =>
      pid.proc === null ? [] : members(pid.proc.waits).flatMap(({ server }) => (server ? [server.pid] : [])),
    suspend: (pid, timeout) => system(pid, 'suspend', timeout, () => sys.suspend(pid, timeout)),
    resume: (pid) => system(pid, 'resume', ASK_MS, () => sys.resume(pid)),
    getState: (pid) => {
      const answer = systemNow(pid, 'get_state', ASK_MS)
      return Array.isArray(answer) && answer[0] === 'ok'
        ? { state: answer[1] }
        : sys.getState(pid).then((state) => ({ state }))
    },
    // The function runs in the process.
    putState: (pid, state, dynamic) =>
      sys.replaceState(pid, dynamic ? (handler) => handlerState(state, handler) : () => state),
    changeCode: (pid, module, oldVsn, extra, timeout) => {
      const answer = changeCodeNow(pid, module, oldVsn, extra, timeout)
      if (answer !== LATER) return answer
      const ask = (): Promise<unknown> => sys.changeCode(pid, module, oldVsn, extra, timeout)
      return system(pid, ['change_code', module, oldVsn, extra], timeout, ask)
    },
    childrenIn: (state) =>
      childrenOf(state)
        ?.inStartOrder()
        .map(({ spec, pid }) => ({ id: spec.id, runs: pid !== undefined })) ?? [],
    childChanges: (before, after) => {
      const [old, now] = [childrenOf(before), childrenOf(after)]
      return old === undefined || now === undefined ? { added: [], removed: [] } : childChanges(old, now)
    },
    childIds: async (pid) => (await within(supervisor.whichChildren(pid), ASK_MS)).map(([id]) => id),
    terminateChild: (pid, id) => supervisor.terminateChild(pid, id),
    restartChild: (pid, id) => supervisor.restartChild(pid, id),
    interruptStart: (pid) => supervisor.interruptStart(pid),
    deleteChild: (pid, id) => supervisor.deleteChild(pid, id),
  }
}

/** The children in the state of a supervisor; undefined for those of simple_one_for_one, which have no ids. */
function childrenOf(state: unknown): StaticChildren | undefined {
  const children: unknown = typeof state === 'object' && state !== null && 'children' in state ? state.children : null
  return children instanceof StaticChildren ? children : undefined
}

/** An event manager's state is put back handler by handler: the kept entry of the same module and id. */
function handlerState(kept: unknown, handler: unknown): unknown {
  if (!Array.isArray(kept) || !Array.isArray(handler)) return handler
  const isSame = (one: unknown): boolean => Array.isArray(one) && one[0] === handler[0] && equal(one[1], handler[1])
  return kept.find(isSame) ?? handler
}

/** Rejects when an answer does not come in time. The question is not taken back. */
async function within<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ms, () => reject(new Error(`no answer within ${ms} ms`)))
    answer.then(resolve, reject).finally(() => clock.clearTimer(timer))
  })
}
