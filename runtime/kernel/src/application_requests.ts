/**
 * What the application controller does for each of its requests. OTP: the clauses of `handle_call/3` in kernel's
 * application_controller.erl.
 */
import { type Pid, self, spawnLink } from '../../erts/process.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import type { ApplData } from './application_data.js'
import { unloadApplication } from './application_load.js'
import { startMaster, stopMaster } from './application_master.js'
import { infoExited } from './application_report.js'
import { acTab, type Change } from './application_table.js'
import {
  type ApplicationInfo,
  type Cast,
  isRestartType,
  type RestartType,
  type Starting,
  type State,
} from './application_types.js'

type Reply = genServer.CallReturn<State>

/** `['error', Reason]` as an answer. */
const refuse = (reason: unknown, state: State): Reply => ['reply', ['error', reason], state]

/** Starts an application in a process of its own; the answer comes with the outcome. */
export function startRequest(name: string, restartType: unknown, from: genServer.From, state: State): Reply {
  const requests = [...state.requests, { name, from }]
  if (state.starting.some((one) => one.name === name)) return ['noreply', { ...state, requests }]
  if (!isRestartType(restartType)) return refuse(['invalid_restart_type', restartType], state)
  const data = acTab().loaded.get(name)
  if (data === undefined) return refuse(['not_loaded', name], state)
  if (state.running.some((one) => one.name === name)) return refuse(['already_started', name], state)
  const missing = needed(data).find((dep) => !state.started.some((one) => one.name === dep))
  if (missing !== undefined) return refuse(['not_started', missing], state)

  const starting: Starting = { name, restartType }
  if (state.permissions.get(name) === false) {
    const others = state.notPermitted.filter((one) => one.name !== name)
    return ['reply', 'ok', { ...state, notPermitted: [...others, starting] }]
  }
  launch(data, state)
  return ['noreply', { ...state, starting: [...state.starting, starting], requests }]
}

/** Applications that must be there before one may start; optional ones only where they are loaded. */
const needed = (data: ApplData): string[] =>
  data.applications.filter((dep) => !data.optionalApplications.includes(dep) || acTab().loaded.has(dep))

/** Starts the process that starts an application and casts the outcome to the controller. */
function launch(data: ApplData, state: State): void {
  const controller = self()
  const running = state.running.map(({ name }) => name)
  spawnLink(async () => {
    const result = await startNow(controller, data, running)
    const cast: Cast = { type: 'started', name: data.name, result }
    genServer.cast(controller, cast)
  })
}

async function startNow(
  controller: Pid,
  data: ApplData,
  running: readonly string[],
): Promise<['ok', Pid | undefined] | ['error', unknown]> {
  const { mod } = data
  if (mod === undefined) return ['ok', undefined]
  // Started once, but its top process has ended since.
  const dead = needed(data).find((dep) => !running.includes(dep))
  if (dead !== undefined) return ['error', ['not_running', dead]]
  return startMaster(controller, { ...data, mod }, 'normal')
}

/** Stops an application; it stays loaded. */
export async function stopRequest(name: string, state: State): Promise<Reply> {
  const notPermitted = state.notPermitted.filter((one) => one.name !== name)
  const restartType = state.started.find((one) => one.name === name)?.restartType
  if (restartType === undefined) {
    if (notPermitted.length < state.notPermitted.length) return ['reply', 'ok', { ...state, notPermitted }]
    return refuse(['not_started', name], state)
  }
  await takeDown(name, restartType, state)
  const running = state.running.filter((one) => one.name !== name)
  return ['reply', 'ok', { ...state, running, started: state.started.filter((one) => one.name !== name) }]
}

async function takeDown(name: string, restartType: RestartType, state: State): Promise<void> {
  const runs = state.running.find((one) => one.name === name)
  if (runs === undefined) return
  if (runs.master !== undefined) await stopMaster(runs.master)
  infoExited(name, 'stopped', restartType)
}

/** Forbids an application to run, or lets one run whose start was asked for. */
export async function permit(name: string, permitted: boolean, from: genServer.From, state: State): Promise<Reply> {
  const data = acTab().loaded.get(name)
  if (data === undefined) return refuse(['not_loaded', name], state)
  const next: State = { ...state, permissions: new Map(state.permissions).set(name, permitted) }
  const waiting = state.notPermitted.find((one) => one.name === name)
  if (permitted && waiting !== undefined) {
    const notPermitted = state.notPermitted.filter((one) => one !== waiting)
    return startRequest(name, waiting.restartType, from, { ...next, notPermitted })
  }
  const restartType = state.started.find((one) => one.name === name)?.restartType
  const runs = state.running.some((one) => one.name === name)
  if (permitted || !runs || restartType === undefined) return ['reply', 'ok', next]
  await takeDown(name, restartType, state)
  return [
    'reply',
    'ok',
    {
      ...next,
      running: next.running.filter((one) => one.name !== name),
      started: next.started.filter((one) => one.name !== name),
      notPermitted: [...next.notPermitted, { name, restartType }],
    },
  ]
}

/** Forgets an application that does not run. */
export function unload(name: string, state: State): 'ok' | ['error', unknown] {
  if (!acTab().loaded.has(name)) return ['error', ['not_loaded', name]]
  if (state.running.some((one) => one.name === name)) return ['error', ['running', name]]
  unloadApplication(name)
  return 'ok'
}

/** Sets or unsets a parameter, and remembers that it was done while the node ran. */
export function change(application: string, key: string, what: Change): void {
  const { env, changes } = acTab()
  const params = env.get(application) ?? new Map<string, unknown>()
  if (what.set) params.set(key, what.value)
  else params.delete(key)
  env.set(application, params)
  const own = changes.get(application) ?? new Map<string, Change>()
  changes.set(application, own.set(key, what))
}

/** Writes parameters into the configuration, so that they survive unloading. */
export function persist(state: State, env: readonly (readonly [string, string, unknown])[]): State {
  const config: Record<string, Readonly<Record<string, unknown>>> = { ...state.sources.config }
  for (const [application, key, value] of env) config[application] = { ...config[application], [key]: value }
  return { ...state, sources: { ...state.sources, config } }
}

/** Takes a parameter out of the configuration. */
export function forget(state: State, application: string, key: string): State {
  const { [key]: _, ...rest } = state.sources.config[application] ?? {}
  return { ...state, sources: { ...state.sources, config: { ...state.sources.config, [application]: rest } } }
}

/** @returns name, description and version of a loaded application. */
export function describe(name: string): ApplicationInfo {
  const data = acTab().loaded.get(name)
  return [name, data?.description ?? '', data?.vsn ?? '']
}

/** The lists of `Application.info`. */
export const info = (state: State): [string, unknown][] => [
  ['loaded', [...acTab().loaded.keys()].map(describe)],
  ['loading', []],
  ['started', state.started.map((one) => [one.name, one.restartType])],
  ['start_p_false', state.notPermitted.map((one) => [one.name, one.restartType])],
  ['running', state.running.map((one) => [one.name, one.master])],
  ['starting', state.starting.map((one) => [one.name, one.restartType])],
]
