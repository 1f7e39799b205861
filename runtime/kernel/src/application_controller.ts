/**
 * The application controller: one gen_server that loads, starts and stops applications and owns their table.
 *
 * Starting happens in a process of its own for each application, so that the controller stays free meanwhile; stopping
 * happens in the controller's own call, as in OTP. What an application's end means follows from its type: the end of a
 * permanent one, and an abnormal end of a transient one, ends the node.
 *
 * Longer than a file should be: one function a request, on the one state.
 *
 * OTP: kernel's application_controller.erl; https://www.erlang.org/doc/system/applications.html
 */
import type { SysConfigSection } from '../../../schemas/types.js'
import { nodeArguments } from '../../erts/arguments.js'
import { BootError, terminateNode } from '../../erts/init.js'
import { applyMfa, type ModuleRef } from '../../erts/modules.js'
import { exitPid, monitor, type Pid, receive, trapExit, unlink } from '../../erts/process.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import * as callbacks from './application_controller.js'
import { lookup } from './application_env.js'
import { loadApplication, type Sources } from './application_load.js'
import { infoExited, infoStarted } from './application_report.js'
import {
  change,
  describe,
  forget,
  info,
  permit,
  persist,
  startRequest,
  stopRequest,
  unload,
} from './application_requests.js'
import { acTab, clearTable } from './application_table.js'
import {
  type ApplicationInfo,
  type Cast,
  type ControllerOptions,
  type Request,
  type RestartType,
  type Snapshot,
  type State,
  startedNormal,
} from './application_types.js'
import { readBootConfig } from './config.js'
import { changeTable, type EnvSnapshot, environments, notifyChanges, restoreTable, takeTable } from './config_change.js'
import { provideConfig } from './config_provider.js'

export type { ControllerOptions, Snapshot } from './application_types.js'
export type { EnvSnapshot } from './config_change.js'

/** The name it is registered under. */
const NAME = 'application_controller'

// ---- boot and release handler

/**
 * Starts the controller with the kernel's application loaded; called by init, which it is linked with.
 *
 * @param kernel resource of the kernel
 * @returns `['ok', Pid]`, or what is wrong with the kernel's resource
 * @throws BootError for a configuration file that cannot be read or is no configuration, with every fault on a line;
 *   for a config provider that fails
 */
export async function start(kernel: unknown, options: ControllerOptions = {}): Promise<genServer.StartResult> {
  return genServer.startLink({ local: NAME }, callbacks, { kernel, options: await withConfig(options) })
}

/** As {@link start}, without link: for a program that runs without a release. */
export async function startAlone(kernel: unknown, options: ControllerOptions = {}): Promise<genServer.StartResult> {
  return genServer.start({ local: NAME }, callbacks, { kernel, options: await withConfig(options) })
}

/** Read before the controller starts, so that a bad file is told as what it is and not as a crash. */
async function withConfig(options: ControllerOptions): Promise<Configured> {
  if (options.config !== undefined) return { ...options, config: options.config }
  const config = readBootConfig()
  if (!config.ok) throw new BootError(config.error)
  const provided = await provideConfig(config.value, applyMfa)
  if (!provided.ok) throw new BootError(provided.error)
  return { ...options, config: provided.value }
}

type Configured = ControllerOptions & { readonly config: SysConfigSection }

/** Asks the controller; waits without limit unless told otherwise. */
export const ask = <T>(request: Request, timeoutMs: number | 'infinity' = 'infinity'): Promise<T> =>
  genServer.call<T>(NAME, request, timeoutMs)

/** @returns the parameters of all running applications, for {@link configChange} later. */
export async function prepConfigChange(): Promise<EnvSnapshot> {
  return environments(await runningNames())
}

/**
 * Replaces resources of loaded applications and the node's configuration; all or nothing.
 *
 * @param resources those of the new release, as in its boot script; applications that are not loaded are passed over
 * @param config    the new release's, merged (see config.ts)
 */
export const changeApplicationData = (
  resources: readonly unknown[],
  config: SysConfigSection,
): Promise<'ok' | ['error', unknown]> => ask({ type: 'change_data', resources, config })

/** Calls `configChange` of the running applications whose parameters differ from `before`. See config_change.ts. */
export async function configChange(before: EnvSnapshot): Promise<'ok' | ['error', [string, unknown][]]> {
  return notifyChanges(before, await runningNames())
}

/** Gives running applications other restart types; of one that does not run nothing changes. For an upgrade. */
export const setRestartTypes = (types: ReadonlyMap<string, RestartType>): Promise<'ok'> =>
  ask<'ok'>({ type: 'set_restart_types', types })

/** @returns everything the controller holds on applications; running processes are no part of it. */
export const snapshot = (): Promise<Snapshot> => ask({ type: 'snapshot' })

/** Puts back what {@link snapshot} took. Applications loaded since are forgotten unless they run. */
export const restore = (before: Snapshot): Promise<'ok'> => ask({ type: 'restore', snapshot: before })

/** A running application with processes, for walks over its supervision tree. */
export interface ApplicationTop {
  readonly name: string
  /** Its group leader. */
  readonly master: Pid
  /** The process that `start` returned. */
  readonly top: Pid
  /** The module that has `start`. */
  readonly module: ModuleRef
}

/** @returns every running application that has processes, in order of their start. Does not ask the controller. */
export function applicationTops(): ApplicationTop[] {
  const { masters, tops } = acTab()
  return [...masters].flatMap(([name, master]) => {
    const top = tops.get(name)
    return top === undefined ? [] : [{ name, master, top: top.pid, module: top.module }]
  })
}

async function runningNames(): Promise<string[]> {
  return (await ask<ApplicationInfo[]>({ type: 'which_applications' })).map(([name]) => name)
}

// ---- the server

interface Start {
  readonly kernel: unknown
  readonly options: Configured
}

/** Loads the kernel. */
export function init(arg: Start): genServer.Init<State> {
  trapExit(true)
  const { kernel, options } = arg
  clearTable()
  const sources: Sources = {
    config: options.config,
    commandLine: options.commandLine ?? nodeArguments()?.env ?? {},
  }
  const loaded = loadApplication(kernel, sources)
  if (!loaded.ok) return ['stop', loaded.error]
  return [
    'ok',
    {
      sources,
      terminateNode: options.terminateNode ?? endNode,
      starting: [],
      notPermitted: [],
      requests: [],
      running: [],
      started: [],
      permissions: permissionsOf(lookup('kernel', 'permissions')?.[1]),
    },
  ]
}

/** The kernel's parameter `permissions`: `[[Application, boolean], ...]`. */
function permissionsOf(value: unknown): Map<string, boolean> {
  const pairs: unknown[] = Array.isArray(value) ? value : []
  return new Map(pairs.flatMap((pair) => (Array.isArray(pair) ? [[String(pair[0]), pair[1] === true]] : [])))
}

/** One request of {@link Request}. */
export const handleCall: genServer.HandleCall<Request, State> = async (request, from, state) => {
  switch (request.type) {
    case 'load': {
      const loaded = loadApplication(request.what, state.sources)
      return ['reply', loaded.ok ? 'ok' : ['error', loaded.error], state]
    }
    case 'unload':
      return ['reply', unload(request.name, state), state]
    case 'start':
      return startRequest(request.name, request.restartType, from, state)
    case 'stop':
      return stopRequest(request.name, state)
    case 'permit':
      return permit(request.name, request.permitted, from, state)
    case 'which_applications':
      return ['reply', state.running.map(({ name }) => describe(name)), state]
    case 'info':
      return ['reply', info(state), state]
    case 'set_env':
      for (const [app, key, value] of request.env) change(app, key, { set: true, value })
      return ['reply', 'ok', request.persistent ? persist(state, request.env) : state]
    case 'unset_env':
      change(request.application, request.key, { set: false })
      return ['reply', 'ok', request.persistent ? forget(state, request.application, request.key) : state]
    case 'set_restart_types': {
      const started = state.started.map((one) => ({
        ...one,
        restartType: request.types.get(one.name) ?? one.restartType,
      }))
      return ['reply', 'ok', { ...state, started }]
    }
    case 'change_data': {
      const sources = { ...state.sources, config: request.config }
      const changed = changeTable(request.resources, sources)
      return changed.ok ? ['reply', 'ok', { ...state, sources }] : ['reply', ['error', changed.error], state]
    }
    case 'snapshot':
      return ['reply', { table: takeTable(), config: state.sources.config, started: state.started }, state]
    case 'restore': {
      restoreTable(
        request.snapshot.table,
        state.running.map(({ name }) => name),
      )
      return ['reply', 'ok', { ...state, sources: { ...state.sources, config: request.snapshot.config } }]
    }
  }
}

/** The outcome of a start. */
export const handleCast: genServer.HandleCast<Cast, State> = ({ name, result }, state) => {
  const starting = state.starting.find((one) => one.name === name)
  if (starting === undefined) return ['noreply', state]
  for (const one of state.requests) {
    if (one.name === name) genServer.reply(one.from, result[0] === 'ok' ? 'ok' : result)
  }
  const rest: State = {
    ...state,
    starting: state.starting.filter((one) => one !== starting),
    requests: state.requests.filter((one) => one.name !== name),
  }
  if (result[0] === 'ok') {
    infoStarted(name)
    return [
      'noreply',
      {
        ...rest,
        running: [{ name, master: result[1] }, ...rest.running],
        started: [starting, ...rest.started.filter((one) => one.name !== name)],
      },
    ]
  }
  const { restartType } = starting
  infoExited(name, result[1], restartType)
  if (restartType === 'temporary' || (restartType === 'transient' && startedNormal(result[1]))) return ['noreply', rest]
  return ['stop', ['shutdown', ['application_start_failure', name, result[1]]], rest]
}

/** The end of a master: what it means depends on the application's type. */
export const handleInfo: genServer.HandleInfo<State> = (message, state) => {
  if (!Array.isArray(message) || message[0] !== 'EXIT') return ['noreply', state]
  const [, pid, reason]: unknown[] = message
  const ended = state.running.find(({ master }) => master !== undefined && master === pid)
  if (ended === undefined) return ['noreply', state]
  const rest = { ...state, running: state.running.filter((one) => one !== ended) }
  const type = state.started.find(({ name }) => name === ended.name)?.restartType ?? 'temporary'
  infoExited(ended.name, reason, type)
  if (type === 'temporary' || (type === 'transient' && reason === 'normal')) return ['noreply', rest]
  return ['stop', ['shutdown', ['application_terminated', ended.name, reason]], rest]
}

/**
 * The node ends: applications go down newest first, each within the kernel's `shutdown_timeout` (milliseconds,
 * `infinity` by default), then killed. Before that, `shutdown_func` (`[Module, Function]`) is called.
 */
export const terminate: genServer.Terminate<State> = async (reason, state) => {
  await callShutdownFunc(reason)
  const limit = lookup('kernel', 'shutdown_timeout')?.[1]
  const timeoutMs = typeof limit === 'number' ? limit : 'infinity'
  for (const { master } of state.running) if (master !== undefined) await shutDown(master, timeoutMs)
  // Its own decision, not a command of init's: init has still to be told.
  if (Array.isArray(reason) && reason[0] === 'shutdown' && Array.isArray(reason[1]))
    await state.terminateNode(reason[1], 1)
}

/** The controller outlives the words: init, which sees its end, would say them a second time. */
function endNode(reason: unknown, status: number): Promise<never> {
  terminateNode(reason, status)
  return new Promise(() => {})
}

async function callShutdownFunc(reason: unknown): Promise<void> {
  const func = lookup('kernel', 'shutdown_func')?.[1]
  if (!Array.isArray(func)) return
  try {
    // Configuration: a module's name and a function's.
    await applyMfa([func[0] as ModuleRef, String(func[1]), [reason]])
  } catch {
    // As in OTP: whatever it does, the node ends.
  }
}

async function shutDown(master: Pid, timeoutMs: number | 'infinity'): Promise<void> {
  const ref = monitor(master)
  const isDown = (m: unknown): boolean => Array.isArray(m) && m[0] === 'DOWN' && m[1] === ref
  unlink(master)
  exitPid(master, 'shutdown')
  if (Array.isArray(await receive(isDown, timeoutMs))) return
  exitPid(master, 'kill')
  await receive(isDown)
}
