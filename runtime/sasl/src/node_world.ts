/**
 * The node that runs, as an upgrade acts on it: the linker, the processes and their supervisors, the applications.
 * OTP: the calls of release_handler_1.erl to code, sys, supervisor and application.
 */

import { clock } from '../../erts/clock.js'
import type { Linker, Prepared } from '../../erts/linker/linker.js'
import { applicationDir, removeApplicationDir, setApplicationDir } from '../../erts/loader.js'
import { applyMfa, type ModuleRef, sameModule } from '../../erts/modules.js'
import { equal, isAlive, type Pid, processes, runningCode } from '../../erts/process.js'
import { Pid as PidClass } from '../../erts/term.js'
import * as application from '../../kernel/src/application.js'
import * as controller from '../../kernel/src/application_controller.js'
import * as supervisor from '../../stdlib/src/supervisor.js'
import * as sys from '../../stdlib/src/sys.js'
import { moduleIdOf } from './apply_step.js'
import { type ChildEntry, type WalkSource, walkProcesses } from './process_walk.js'
import type { CodeUser, CodeWorld, ProcessWorld, UpgradeWorld } from './upgrade_world.js'

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
    applies: {
      apply: (module, fun, args) => applyMfa([OWN[moduleIdOf(module)] ?? module, fun, args]),
      runningApplications,
    },
    nowMs: () => clock.monotonicMs(),
  }
}

async function runningApplications(): Promise<ReadonlyMap<string, string>> {
  const running = await application.whichApplications('infinity')
  const types = new Map((await controller.snapshot()).started.map((one) => [one.name, one.restartType]))
  return new Map(running.map(([name]) => [name, types.get(name) ?? 'temporary']))
}

/** Who runs a version of a module in a callback that has not returned. */
export function usersOfVersion(version: object | undefined): readonly CodeUser[] {
  if (version === undefined) return []
  const uses = (pid: Pid): boolean => runningCode(pid).some((one) => one.token === version)
  return processes()
    .filter(uses)
    .map((pid) => ({ pid, isStill: () => uses(pid) }))
}

function codeWorld(linker: Linker, prepared: Prepared | undefined): CodeWorld {
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
    // A swap may bring in new modules with the one it is for.
    snapshot: (modules) => linker.snapshot([...modules, ...(prepared?.ids ?? [])]),
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
    return Array.isArray(state)
      ? state.flatMap((one: unknown) => (Array.isArray(one) ? [handlerModule(one[0])] : []))
      : []
  },
  isProcess: (value): value is Pid => value instanceof PidClass,
  isAlive,
}

/** A handler is named by its module, or by module and id. */
const handlerModule = (handler: unknown): ModuleRef => (Array.isArray(handler) ? handler[0] : handler) as ModuleRef // OTP's contract

/** Event managers answer `getState` with one entry for each handler. */
const isEventManager = (pid: Pid): boolean => {
  const module = codeOf(pid)
  return typeof module === 'object' && 'addHandler' in module && 'whichHandlers' in module
}

function processWorld(): ProcessWorld {
  return {
    walk: (known, suspended) => walkProcesses(walkSource, known, suspended),
    isAlive,
    newestId: () => processes().at(-1)?.id ?? 0,
    suspend: (pid, timeout) => sys.suspend(pid, timeout),
    resume: (pid) => sys.resume(pid),
    getState: (pid) => sys.getState(pid),
    putState: (pid, state, dynamic) =>
      sys.replaceState(pid, dynamic ? (handler) => handlerState(state, handler) : () => state),
    changeCode: (pid, module, oldVsn, extra, timeout) => sys.changeCode(pid, module, oldVsn, extra, timeout),
    childIds: async (pid) => (await within(supervisor.whichChildren(pid), ASK_MS)).map(([id]) => id),
    terminateChild: (pid, id) => supervisor.terminateChild(pid, id),
    restartChild: (pid, id) => supervisor.restartChild(pid, id),
    deleteChild: (pid, id) => supervisor.deleteChild(pid, id),
  }
}

/** An event manager's state is put back handler by handler: the kept entry with the same module and id. */
function handlerState(kept: unknown, handler: unknown): unknown {
  if (!Array.isArray(kept) || !Array.isArray(handler)) return handler
  return kept.find((one: unknown) => Array.isArray(one) && equal(one.slice(0, -1), handler.slice(0, -1))) ?? handler
}

/** Rejects when an answer does not come in time. The question is not taken back. */
async function within<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ms, () => reject(new Error(`no answer within ${ms} ms`)))
    answer.then(resolve, reject).finally(() => clock.clearTimer(timer))
  })
}
