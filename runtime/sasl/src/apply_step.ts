/**
 * `apply` in a relup: which results are failures, and how the calls whose effect is known are taken back.
 *
 * Departure: OTP ignores what an apply returns; here a value that says "error" fails the step. OTP: release_handler_1,
 * `eval({apply, ...})`.
 */
import type { Mfa } from '../../../schemas/types.js'
import { bootCause } from '../../erts/boot_cause.js'
import { equal, format } from '../../erts/term.js'
import type { UndoStep } from './undo_log.js'

/** What inverses need of the running system. Module and function as in the relup, so that a test can stand in. */
export interface ApplyWorld {
  /** Calls a function of a module by its id. */
  apply(module: string, fun: string, args: readonly unknown[]): unknown
  /** Makes a call that has not returned come to an end soon: a start fails, a stop kills. Others run on. */
  interrupt(mfa: Mfa): void
  /** Start types of the applications that run. */
  runningApplications(): Promise<ReadonlyMap<string, string>>
  /**
   * The upgrade is over, done or undone. Until then applications are started as temporary ones, so that one that does
   * not start or does not stay fails the upgrade and not the node; now they get the types they were started with.
   */
  settle(): Promise<void>
}

const APPLICATION = 'kernel/application'
const SUPERVISOR = 'stdlib/supervisor'

/** The ids under which a relup may name the modules whose calls are known. */
const KNOWN: { readonly [name: string]: string } = {
  application: APPLICATION,
  [APPLICATION]: APPLICATION,
  supervisor: SUPERVISOR,
  [SUPERVISOR]: SUPERVISOR,
}

/** The id of a module as a relup names it: OTP's bare names of runtime modules are understood. */
export const moduleIdOf = (module: string): string => KNOWN[module] ?? module

const STARTS: { readonly [module: string]: ReadonlySet<string> } = {
  [APPLICATION]: new Set(['start', 'startBoot', 'ensureStarted', 'ensureAllStarted']),
  [SUPERVISOR]: new Set(['startChild', 'restartChild']),
}

/** Whether a call starts applications or a child. */
export const isStart = ([module, fun]: Mfa): boolean => STARTS[moduleIdOf(module)]?.has(fun) === true

/** `error`, `['error', ...]`, `['EXIT', ...]`, but not an answer that says the thing asked for holds already. */
export function failureOf(mfa: Mfa, result: unknown): string | undefined {
  const failed = result === 'error' || (Array.isArray(result) && (result[0] === 'error' || result[0] === 'EXIT'))
  if (!failed) return undefined
  const reason: unknown = Array.isArray(result) ? result[1] : undefined
  const tag: unknown = Array.isArray(reason) ? reason[0] : reason
  const module = moduleIdOf(mfa[0])
  if (module === APPLICATION) {
    if (tag === 'already_started' || tag === 'already_loaded') return undefined
    if (mfa[1] === 'unload' && tag === 'not_loaded') return undefined
    if (mfa[1] === 'stop' && tag === 'not_started') return undefined
  }
  if (module === SUPERVISOR && tag === 'running' && mfa[1] === 'restartChild') return undefined
  // The reports of those that ended have the stacks.
  const cause = module === APPLICATION || module === SUPERVISOR ? bootCause(reason) : undefined
  return cause ?? `returned ${format(result)}`
}

/**
 * Made before a call: given the call's result (undefined when it threw) it says how to take it back; undefined: there
 * is nothing to take back.
 */
export type InverseMaker = (result: unknown) => UndoStep | undefined

/**
 * How a call will be taken back.
 *
 * @returns undefined for a call whose effect is not known: an undo cannot touch it, and the plan says so beforehand
 */
export async function inverseOf(mfa: Mfa, world: ApplyWorld): Promise<InverseMaker | undefined> {
  const [name, fun, args] = mfa
  const module = moduleIdOf(name)
  const [first, second] = args
  const call = (what: string, to: string, withArgs: readonly unknown[], starts = false): UndoStep => ({
    what,
    starts,
    undo: async () => {
      const back: Mfa = [module, to, withArgs]
      const failure = failureOf(back, await world.apply(module, to, withArgs))
      return failure === undefined ? [] : [`${what}: ${failure}`]
    },
  })
  const nothing: InverseMaker = () => undefined
  if (module === APPLICATION) {
    const application = nameOf(first)
    const loaded = await loadedApplications(world)
    switch (fun) {
      case 'start':
      case 'startBoot':
      case 'ensureStarted':
        if ((await world.runningApplications()).has(application)) return nothing
        return () => ({
          what: `stop application "${application}" again`,
          undo: async () => {
            const failure = failureOf([APPLICATION, 'stop', []], await world.apply(APPLICATION, 'stop', [application]))
            // Its data has been put back already where something else was started: it would be kept, since it ran.
            if (!loaded.has(application)) await world.apply(APPLICATION, 'unload', [application])
            return failure === undefined ? [] : [`application "${application}": ${failure}`]
          },
        })
      case 'ensureAllStarted': {
        return (result) => {
          const started: unknown = Array.isArray(result) && result[0] === 'ok' ? result[1] : []
          if (!Array.isArray(started) || started.length === 0) return undefined
          return {
            what: `stop applications ${started.join(', ')} again`,
            undo: async () => {
              for (const one of [...started].reverse()) {
                await world.apply(APPLICATION, 'stop', [one])
                if (!loaded.has(one)) await world.apply(APPLICATION, 'unload', [one])
              }
              return []
            },
          }
        }
      }
      case 'stop': {
        const type = (await world.runningApplications()).get(application)
        if (type === undefined) return nothing
        return () => call(`start application "${application}" again`, 'start', [application, type], true)
      }
      // What is loaded, and every parameter, comes back with the data of the application controller.
      case 'load':
      case 'ensureLoaded':
      case 'unload':
      case 'setEnv':
      case 'setEnvs':
      case 'unsetEnv':
        return nothing
      default:
        return READS.has(fun) ? nothing : undefined
    }
  }
  if (module === SUPERVISOR) {
    switch (fun) {
      case 'restartChild': {
        if ((await childPid(world, first, second)) !== undefined) return nothing
        return () => call(`stop child ${format(second)} again`, 'terminateChild', [first, second])
      }
      case 'terminateChild': {
        if ((await childPid(world, first, second)) === undefined) return nothing
        return () => call(`start child ${format(second)} again`, 'restartChild', [first, second], true)
      }
      case 'startChild':
        return (result) => {
          if (!Array.isArray(result) || result[0] !== 'ok') return undefined
          const id: unknown = Array.isArray(second)
            ? second[0]
            : typeof second === 'object' && second !== null && 'id' in second
              ? second.id
              : undefined
          return {
            what: `remove child ${format(id)} again`,
            undo: async () => {
              // A child of a simple_one_for_one supervisor has no id: it is named by its pid.
              if (id === undefined) await world.apply(SUPERVISOR, 'terminateChild', [first, result[1]])
              else {
                await world.apply(SUPERVISOR, 'terminateChild', [first, id])
                await world.apply(SUPERVISOR, 'deleteChild', [first, id])
              }
              return []
            },
          }
        }
      case 'deleteChild': {
        const spec: unknown = await world.apply(SUPERVISOR, 'getChildspec', [first, second])
        if (!Array.isArray(spec) || spec[0] !== 'ok') return nothing
        return () => ({
          what: `put child ${format(second)} back`,
          starts: true,
          undo: async () => {
            // There is no way to add a child without starting it. One that did not run is stopped again.
            const added: unknown = await world.apply(SUPERVISOR, 'startChild', [first, spec[1]])
            const failure = failureOf([SUPERVISOR, 'startChild', []], added)
            return failure === undefined || String(failure).includes('already')
              ? []
              : [`child ${format(second)}: ${failure}`]
          },
        })
      }
      default:
        return READS.has(fun) ? nothing : undefined
    }
  }
  return undefined
}

/** Names of the applications that are loaded. */
async function loadedApplications(world: ApplyWorld): Promise<ReadonlySet<unknown>> {
  const all: unknown = await world.apply(APPLICATION, 'loadedApplications', [])
  return new Set(Array.isArray(all) ? all.map((one: unknown) => (Array.isArray(one) ? one[0] : one)) : [])
}

/** The process of a child that runs; undefined for one that does not, or is not there. */
async function childPid(world: ApplyWorld, supervisor: unknown, id: unknown): Promise<unknown> {
  const children: unknown = await world.apply(SUPERVISOR, 'whichChildren', [supervisor])
  const child: unknown = Array.isArray(children)
    ? children.find((one: unknown) => Array.isArray(one) && equal(one[0], id))
    : undefined
  return Array.isArray(child) ? child[1] : undefined
}

/** Functions of those modules that change nothing. */
const READS: ReadonlySet<string> = new Set([
  'whichApplications',
  'loadedApplications',
  'getEnv',
  'getAllEnv',
  'getKey',
  'getAllKey',
  'whichChildren',
  'countChildren',
  'getChildspec',
  'checkChildspecs',
])

/** Whether a failure later could take this call back: asked of a plan, before anything runs. */
export function hasInverse(mfa: Mfa): boolean {
  const module = moduleIdOf(mfa[0])
  return (module === APPLICATION && APPLICATION_CALLS.has(mfa[1])) ||
    (module === SUPERVISOR && SUPERVISOR_CALLS.has(mfa[1]))
    ? true
    : (module === APPLICATION || module === SUPERVISOR) && READS.has(mfa[1])
}

const APPLICATION_CALLS: ReadonlySet<string> = new Set([
  'start',
  'startBoot',
  'ensureStarted',
  'ensureAllStarted',
  'stop',
  'load',
  'ensureLoaded',
  'unload',
  'setEnv',
  'setEnvs',
  'unsetEnv',
])

const SUPERVISOR_CALLS: ReadonlySet<string> = new Set(['restartChild', 'terminateChild', 'startChild', 'deleteChild'])

/** The application a call is about: its name, or that of its resource. */
export function nameOf(what: unknown): string {
  if (typeof what === 'object' && what !== null && 'name' in what) return String(what.name)
  return String(what)
}
