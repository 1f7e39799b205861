/**
 * Child specifications: how a supervisor starts, restarts and stops one child, checked and with their defaults.
 *
 * OTP: `check_childspec/2` and `check_startspec/2` in stdlib's supervisor.erl. The order of the checks is OTP's, so
 * that of two faults the same one is named.
 */

import { err, ok, type Result } from '../../../schemas/result.js'
import { type Mfa, type ModuleRef, moduleName } from '../../erts/modules.js'
import { format, Pid } from '../../erts/term.js'
import { idKey } from './child_id.js'
import type { AutoShutdown } from './supervisor_flags.js'

/** When a child that has ended is started again: always, after an abnormal end, never. */
export type Restart = 'permanent' | 'transient' | 'temporary'

/** How long a child may take to shut down, in ms. */
export type Shutdown = 'brutal_kill' | number | 'infinity'

/** What a child is. The release handler looks for processes below `supervisor` children only. */
export type ChildType = 'worker' | 'supervisor'

/** A child specification as `init` or `startChild` take it. OTP: `child_spec()`. */
export interface ChildSpec {
  /** Any term; one child of the supervisor has it. */
  readonly id: unknown
  /** Module, function, arguments; the function links to the caller and returns `['ok', pid]`. May be async. */
  readonly start: Mfa
  /** Default `permanent`. */
  readonly restart?: Restart
  /** Whether its end counts for `auto_shutdown`. Default false. */
  readonly significant?: boolean
  /** Default 5000 for a worker, `infinity` for a supervisor. */
  readonly shutdown?: Shutdown
  /** Default `worker`. */
  readonly type?: ChildType
  /** Modules whose code the process runs: an upgrade finds it by them. Default: the module of `start`. */
  readonly modules?: readonly ModuleRef[] | 'dynamic'
}

/** The old form of a child specification. */
export type ChildSpecTuple = readonly [
  id: unknown,
  start: Mfa,
  restart: Restart,
  shutdown: Shutdown,
  type: ChildType,
  modules: readonly ModuleRef[] | 'dynamic',
]

/** A child specification that passed {@link checkChildSpec}, with every default filled in. */
export type CheckedSpec = Required<ChildSpec>

/** The first rule a child specification breaks; `got` is the value given. */
export type ChildSpecError =
  | { readonly tag: 'invalid_child_spec'; readonly got: unknown }
  | { readonly tag: 'missing_id' }
  | { readonly tag: 'missing_start' }
  | { readonly tag: 'invalid_mfa'; readonly got: unknown }
  | { readonly tag: 'invalid_restart_type'; readonly got: unknown }
  | { readonly tag: 'invalid_significant'; readonly got: unknown }
  | { readonly tag: 'bad_combination'; readonly with: readonly [string, string] }
  | { readonly tag: 'invalid_child_type'; readonly got: unknown }
  | { readonly tag: 'invalid_shutdown'; readonly got: unknown }
  | { readonly tag: 'invalid_modules'; readonly got: unknown }
  | { readonly tag: 'invalid_module'; readonly got: unknown }
  | { readonly tag: 'duplicate_child_name'; readonly id: unknown }
  | { readonly tag: 'not_a_list'; readonly got: unknown }

const RESTARTS: readonly unknown[] = ['permanent', 'transient', 'temporary']
const TYPES: readonly unknown[] = ['worker', 'supervisor']

const isRestart = (value: unknown): value is Restart => RESTARTS.includes(value)
const isType = (value: unknown): value is ChildType => TYPES.includes(value)
const isShutdown = (value: unknown): value is Shutdown =>
  value === 'brutal_kill' || value === 'infinity' || (Number.isInteger(value) && (value as number) >= 0) // an integer is a number
const isModule = (value: unknown): value is ModuleRef =>
  (typeof value === 'string' && value !== '') ||
  (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Pid))
const isMfa = (value: unknown): value is Mfa =>
  Array.isArray(value) &&
  value.length === 3 &&
  isModule(value[0]) &&
  typeof value[1] === 'string' &&
  Array.isArray(value[2])

/**
 * Checks one specification and fills in its defaults.
 *
 * @param auto the supervisor's `auto_shutdown`; undefined when it is not known
 */
export function checkChildSpec(spec: unknown, auto?: AutoShutdown): Result<CheckedSpec, ChildSpecError> {
  const given = Array.isArray(spec) ? fromTuple(spec) : spec
  if (typeof given !== 'object' || given === null) return err({ tag: 'invalid_child_spec', got: spec })
  const fields = given as Record<keyof ChildSpec, unknown> // any value may stand under a key: each is checked here
  const { restart = 'permanent', significant = false, type = 'worker', id, start } = fields
  if (!('id' in fields)) return err({ tag: 'missing_id' })
  if (!('start' in fields)) return err({ tag: 'missing_start' })
  if (!isMfa(start)) return err({ tag: 'invalid_mfa', got: start })
  if (!isRestart(restart)) return err({ tag: 'invalid_restart_type', got: restart })
  if (typeof significant !== 'boolean') return err({ tag: 'invalid_significant', got: significant })
  if (significant && auto === 'never') return err({ tag: 'bad_combination', with: ['auto_shutdown', 'never'] })
  if (significant && restart === 'permanent') return err({ tag: 'bad_combination', with: ['restart', 'permanent'] })
  if (!isType(type)) return err({ tag: 'invalid_child_type', got: type })
  const { shutdown = type === 'worker' ? 5000 : 'infinity', modules = [start[0]] } = fields
  if (!isShutdown(shutdown)) return err({ tag: 'invalid_shutdown', got: shutdown })
  if (modules === 'dynamic') return ok({ id, start, restart, significant, shutdown, type, modules })
  if (!Array.isArray(modules)) return err({ tag: 'invalid_modules', got: modules })
  const wrong = modules.findIndex((module) => !isModule(module))
  if (wrong !== -1) return err({ tag: 'invalid_module', got: modules[wrong] })
  return ok({ id, start, restart, significant, shutdown, type, modules })
}

function fromTuple(tuple: readonly unknown[]): unknown {
  if (tuple.length !== 6) return undefined
  const [id, start, restart, shutdown, type, modules] = tuple
  return { id, start, restart, shutdown, type, modules }
}

/** Checks a list of specifications. @returns them in start order, or the first fault. */
export function checkStartSpec(specs: unknown, auto?: AutoShutdown): Result<readonly CheckedSpec[], ChildSpecError> {
  if (!Array.isArray(specs)) return err({ tag: 'not_a_list', got: specs })
  const checked = new Map<unknown, CheckedSpec>()
  for (const spec of specs) {
    const one = checkChildSpec(spec, auto)
    if (!one.ok) return one
    const key = idKey(one.value.id)
    if (checked.has(key)) return err({ tag: 'duplicate_child_name', id: one.value.id })
    checked.set(key, one.value)
  }
  return ok([...checked.values()])
}

/** A module as results and reports show it: its id, or the namespace of a module that nobody named. */
export function shownModule(module: ModuleRef): ModuleRef {
  const name = moduleName(module)
  return name === 'module' ? module : name
}

/** OTP's term for a fault: `'missing_id'`, `['invalid_shutdown', V]` and the like. */
export function childSpecReason(error: ChildSpecError): unknown {
  switch (error.tag) {
    case 'missing_id':
    case 'missing_start':
      return error.tag
    case 'bad_combination':
      return [error.tag, [error.with, ['significant', true]]]
    case 'duplicate_child_name':
      return [error.tag, error.id]
    case 'not_a_list':
      return ['badarg', error.got]
    case 'invalid_child_spec':
    case 'invalid_mfa':
    case 'invalid_restart_type':
    case 'invalid_significant':
    case 'invalid_child_type':
    case 'invalid_shutdown':
    case 'invalid_modules':
    case 'invalid_module':
      return [error.tag, error.got]
  }
}

/** What is wrong with a child specification, for people. */
export function formatChildSpecError(error: ChildSpecError): string {
  switch (error.tag) {
    case 'invalid_child_spec':
      return `a child specification must be an object with "id" and "start"; got ${format(error.got)}`
    case 'missing_id':
      return 'a child specification needs "id": any value that no other child of this supervisor has'
    case 'missing_start':
      return 'a child specification needs "start": [module, function name, arguments]'
    case 'invalid_mfa':
      return `"start" must be [module, function name, arguments]; got ${format(error.got)}`
    case 'invalid_restart_type':
      return `"restart" must be one of ${RESTARTS.join(', ')}; got ${format(error.got)}`
    case 'invalid_significant':
      return `"significant" must be true or false; got ${format(error.got)}`
    case 'bad_combination':
      return error.with[0] === 'restart'
        ? 'a "significant" child must be transient or temporary; a permanent one would never end for good'
        : '"significant" children need a supervisor whose "auto_shutdown" is any_significant or all_significant'
    case 'invalid_child_type':
      return `"type" must be one of ${TYPES.join(', ')}; got ${format(error.got)}`
    case 'invalid_shutdown':
      return `"shutdown" must be brutal_kill, infinity or milliseconds, 0 or more; got ${format(error.got)}`
    case 'invalid_modules':
      return `"modules" must be a list of modules or dynamic; got ${format(error.got)}`
    case 'invalid_module':
      return `"modules" must hold modules or their ids; got ${format(error.got)}`
    case 'duplicate_child_name':
      return `two children have the id ${format(error.id)}; each needs its own`
    case 'not_a_list':
      return `child specifications must be a list; got ${format(error.got)}`
  }
}
