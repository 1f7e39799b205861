/**
 * Applications: load, start, stop and configure them. Reads of parameters and keys go to the controller's table;
 * everything that changes something is a request to the controller. Without a release (a plain program under Node) the
 * first request starts the controller with kernel and stdlib running.
 *
 * OTP: kernel's application.erl; https://www.erlang.org/doc/apps/kernel/application.html
 */
import { exit } from '../../erts/exit.js'
import { type ModuleRef, moduleName } from '../../erts/modules.js'
import { groupLeader, Pid, processInfo, selfOrUndefined } from '../../erts/process.js'
import type { Ok } from './application_callbacks.js'
import { ask } from './application_controller.js'
import type { AppResource } from './application_data.js'
import { lookup, lookupAll } from './application_env.js'
import { type KeyValue, keysOf } from './application_keys.js'
import { infoExited } from './application_report.js'
import { describe } from './application_requests.js'
import { ensureController } from './application_standalone.js'
import { acTab, applicationOfLeader } from './application_table.js'
import { type ApplicationInfo, type RestartType, startedNormal } from './application_types.js'

export type * from './application_callbacks.js'
export type { AppResource } from './application_data.js'
export type { ApplicationInfo, RestartType } from './application_types.js'

/** Options of {@link setEnv}. */
export interface EnvOptions {
  /** Milliseconds to wait for the controller. Default 5000. */
  readonly timeout?: number | 'infinity'
  /** Survives unloading, and counts more than app.json at the next load. Default false. */
  readonly persistent?: boolean
}

/**
 * Loads an application and those it includes.
 *
 * @param what its name, looked for in the code path, or its resource
 * @returns `ok`; `['error', ['already_loaded', what]]`, `['error', ['no such file or directory', 'NAME.app']]`, or
 *   what is wrong with the resource
 */
export async function load(what: string | AppResource): Promise<Ok> {
  await ensureController()
  return ask<Ok>({ type: 'load', what })
}

/** Unloads an application and those it includes. @returns `ok`, `running` or `not_loaded` as an error */
export async function unload(name: string): Promise<Ok> {
  await ensureController()
  return ask<Ok>({ type: 'unload', name })
}

/**
 * Starts an application, loading it if need be; those it needs must run already.
 *
 * @param what name or resource
 * @param type what its end means for the node; a temporary one's is only reported
 */
export async function start(what: string | AppResource, type: RestartType = 'temporary'): Promise<Ok> {
  const name = typeof what === 'string' ? what : what.name
  const loaded = await load(what)
  if (loaded !== 'ok' && !isAlreadyLoaded(loaded[1])) return loaded
  return ask<Ok>({ type: 'start', name, restartType: type })
}

const isAlreadyLoaded = (reason: unknown): boolean => Array.isArray(reason) && reason[0] === 'already_loaded'
const isAlreadyStarted = (reason: unknown): boolean => Array.isArray(reason) && reason[0] === 'already_started'

/**
 * As {@link start}, for the boot script, which ends at an error: so an error comes back only when the node must not go
 * on. What a temporary application (or a transient one that ended normally) could not do is reported.
 *
 * Departure: an application of another type whose dependency is not started ends the boot; OTP leaves it out silently.
 */
export async function startBoot(name: string, type: RestartType = 'temporary'): Promise<Ok> {
  const started = await start(name, type)
  if (started === 'ok') return 'ok'
  if (type === 'permanent' || (type === 'transient' && !startedNormal(started[1]))) return started
  if (isMissing(started[1])) infoExited(name, started[1], type)
  return 'ok'
}

/** Refused before anything was started, so that nobody has reported it yet. */
const isMissing = (reason: unknown): boolean =>
  Array.isArray(reason) && (reason[0] === 'not_started' || reason[0] === 'no such file or directory')

/** As {@link start}; `ok` also when it runs already. */
export async function ensureStarted(what: string | AppResource, type: RestartType = 'temporary'): Promise<Ok> {
  const started = await start(what, type)
  return started !== 'ok' && isAlreadyStarted(started[1]) ? 'ok' : started
}

/** As {@link load}; `ok` also when it is loaded already. */
export async function ensureLoaded(what: string | AppResource): Promise<Ok> {
  const loaded = await load(what)
  return loaded !== 'ok' && isAlreadyLoaded(loaded[1]) ? 'ok' : loaded
}

/**
 * Starts applications and all they need that does not run yet.
 *
 * @returns `['ok', those started now, dependencies first]`; `['error', [Application, Reason]]`, after what was
 *   started for this was stopped again
 */
export async function ensureAllStarted(
  what: string | readonly string[],
  type: RestartType = 'temporary',
): Promise<['ok', string[]] | ['error', [application: string, reason: unknown]]> {
  await ensureController()
  const started: string[] = []
  for (const name of typeof what === 'string' ? [what] : what) {
    const failed = await startWithNeeds(name, type, started, [])
    if (failed === undefined) continue
    for (const done of started.reverse()) await stop(done)
    return ['error', failed]
  }
  return ['ok', started]
}

/** @param started grows by what is started, in order */
async function startWithNeeds(
  name: string,
  type: RestartType,
  started: string[],
  path: readonly string[],
): Promise<[string, unknown] | undefined> {
  if (path.includes(name)) return [name, ['circular_dependencies', [...path, name]]]
  const loaded = await ensureLoaded(name)
  if (loaded !== 'ok') return [name, loaded[1]]
  const data = acTab().loaded.get(name)
  for (const needed of data?.applications ?? []) {
    if (data?.optionalApplications.includes(needed) && (await ensureLoaded(needed)) !== 'ok') continue
    const failed = await startWithNeeds(needed, type, started, [...path, name])
    if (failed !== undefined) return failed
  }
  const result = await start(name, type)
  if (result === 'ok') started.push(name)
  else if (!isAlreadyStarted(result[1])) return [name, result[1]]
  return undefined
}

/** Stops an application, which stays loaded. Never ends the node. @returns `ok`, or `not_started` as an error */
export async function stop(name: string): Promise<Ok> {
  await ensureController()
  return ask<Ok>({ type: 'stop', name })
}

/** @returns the running applications, newest first, as `[Name, Description, Version]`. @param timeoutMs default 5000 */
export async function whichApplications(timeoutMs: number | 'infinity' = 5000): Promise<ApplicationInfo[]> {
  await ensureController()
  return ask<ApplicationInfo[]>({ type: 'which_applications' }, timeoutMs)
}

/** @returns the loaded applications, in no order, as `[Name, Description, Version]`. */
export const loadedApplications = (): ApplicationInfo[] => [...acTab().loaded.keys()].map(describe)

/**
 * Forbids an application to run (a running one is stopped; a later start answers `ok` without effect), or permits it
 * (one whose start was asked for is started).
 *
 * @throws Exit `['badarg', ['application', 'permit', [name, permitted]]]` unless `permitted` is a boolean
 */
export async function permit(name: string, permitted: boolean): Promise<Ok> {
  if (typeof permitted !== 'boolean') exit(['badarg', ['application', 'permit', [name, permitted]]])
  await ensureController()
  return ask<Ok>({ type: 'permit', name, permitted })
}

/** For distributed applications, of which this runtime has none. */
export async function takeover(name: string, _type: RestartType): Promise<Ok> {
  await ensureController()
  const running = (await whichApplications('infinity')).some(([one]) => one === name)
  return ['error', [running ? 'already_running_locally' : 'not_running_distributed', name]]
}

/**
 * @param of a process or a module; by default the calling process
 * @returns `['ok', Application]`, or undefined
 */
export function getApplication(of?: Pid | ModuleRef): ['ok', string] | undefined {
  const name = of === undefined || of instanceof Pid ? applicationOfProcess(of) : applicationOfModule(of)
  return name === undefined ? undefined : ['ok', name]
}

function applicationOfProcess(pid: Pid | undefined): string | undefined {
  if (pid === undefined) return selfOrUndefined() === undefined ? undefined : applicationOfLeader(groupLeader())
  const leader = processInfo(pid, 'group_leader')?.[1]
  return leader instanceof Pid ? applicationOfLeader(leader) : undefined
}

function applicationOfModule(module: ModuleRef): string | undefined {
  const id = moduleName(module)
  const at = id.indexOf('/')
  const application = id.slice(0, Math.max(at, 0))
  return acTab()
    .loaded.get(application)
    ?.modules.includes(id.slice(at + 1))
    ? application
    : undefined
}

/** @returns the start type inside `start`, `local` later, undefined outside any application. */
export function startType(): unknown {
  const name = applicationOfProcess(undefined)
  return name === undefined ? undefined : (acTab().startTypes.get(name) ?? 'local')
}

/**
 * A parameter of an application. With one argument, of the calling process's own application; with a default, the
 * value itself.
 */
export function getEnv(key: string): ['ok', unknown] | undefined
export function getEnv(application: string, key: string): ['ok', unknown] | undefined
export function getEnv<T>(application: string, key: string, defaultValue: T): T
export function getEnv(...args: readonly [string] | readonly [string, string] | readonly [string, string, unknown]) {
  if (args.length === 1) {
    const own = applicationOfProcess(undefined)
    return own === undefined ? undefined : lookup(own, args[0])
  }
  const found = lookup(args[0], args[1])
  return args.length === 2 ? found : found === undefined ? args[2] : found[1]
}

/** @returns all parameters of an application (default the caller's own) as `[Key, Value]`, in no order. */
export function getAllEnv(application = applicationOfProcess(undefined)): [string, unknown][] {
  return application === undefined ? [] : lookupAll(application)
}

/** @returns `['ok', Value]` of a key of the application's resource, under OTP's name of it, or undefined. */
export function getKey(...args: readonly [key: string] | readonly [application: string, key: string]) {
  const [application, key] = args.length === 1 ? [applicationOfProcess(undefined), args[0]] : args
  const found = application === undefined ? undefined : keysOf(application)?.find(([name]) => name === key)
  return found === undefined ? undefined : (['ok', found[1]] as const)
}

/** @returns `['ok', all keys of the resource in OTP's order]`; undefined for an unknown application, `[]` for none. */
export function getAllKey(application = applicationOfProcess(undefined)): ['ok', KeyValue[]] | undefined | [] {
  if (application === undefined) return []
  const keys = keysOf(application)
  return keys === undefined ? undefined : ['ok', keys]
}

/** Sets a parameter of an application, loaded or not: in force at once, and over an upgrade. */
export async function setEnv(
  application: string,
  key: string,
  value: unknown,
  options: EnvOptions = {},
): Promise<'ok'> {
  return setEnvs({ [application]: { [key]: value } }, options)
}

/** Sets several parameters together: `{ APPLICATION: { key: value } }`. OTP: `set_env/1,2`. */
export async function setEnvs(
  config: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  { timeout = 5000, persistent = false }: EnvOptions = {},
): Promise<'ok'> {
  await ensureController()
  const env = Object.entries(config).flatMap(([application, params]) =>
    Object.entries(params).map(([key, value]) => [application, key, value] as const),
  )
  return ask<'ok'>({ type: 'set_env', env, persistent }, timeout)
}

/** Removes a parameter. */
export async function unsetEnv(application: string, key: string, options: EnvOptions = {}): Promise<'ok'> {
  await ensureController()
  const { timeout = 5000, persistent = false } = options
  return ask<'ok'>({ type: 'unset_env', application, key, persistent }, timeout)
}

/** @returns the controller's lists, for debugging: loaded, loading, started, start_p_false, running, starting. */
export async function info(): Promise<[string, unknown][]> {
  await ensureController()
  return ask({ type: 'info' })
}
