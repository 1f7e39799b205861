/**
 * Behaviours: what a callback module must and may export, for those of OTP and for a user's own.
 *
 *     export interface SimpleServer { init(state: unknown): 'ok'; handleReq(...): ...; formatState?(state: unknown): unknown }
 *     export const simpleServer = Behaviour.define<SimpleServer>({
 *       name: 'simple_server',
 *       callbacks: { init: 1, handleReq: 2, formatState: 1 },
 *       optional: ['formatState'],
 *     })
 *
 * A callback module says `export const behaviour = 'simple_server'`; the build then warns of what it lacks. Types are
 * TypeScript's: `self satisfies SimpleServer`. OTP: `-callback`, `-optional_callbacks`, `behaviour_info/1`.
 */
import { nearest } from '../../../schemas/nearest.js'
import { ErlangError } from '../../erts/exit.js'
import { currentVersion, type ModuleRef, moduleName, resolveModule } from '../../erts/modules.js'
import { report } from '../../erts/report.js'

/** A behaviour: its callbacks by name. Plain data. */
export interface Behaviour {
  /** As callback modules name it: `gen_server`. */
  readonly name: string
  /** Every callback, optional ones included, with the number of arguments it is called with. */
  readonly callbacks: Readonly<Record<string, number>>
  /** Those that a module may leave out. */
  readonly optional: readonly string[]
}

type Arity<Callback> = NonNullable<Callback> extends (...args: infer Args) => unknown ? Args['length'] : number

type OptionalKeys<T> = { [Key in keyof T]-?: object extends Pick<T, Key> ? Key : never }[keyof T]

/** What {@link define} is told of a behaviour with interface `T`: names, arities and what is optional agree with it. */
export type SpecOf<T extends object> = {
  readonly name: string
  readonly callbacks: { readonly [Key in keyof T]-?: Arity<T[Key]> }
} & ([OptionalKeys<T>] extends [never]
  ? { readonly optional?: readonly [] }
  : { readonly optional: readonly OptionalKeys<T>[] })

/** What {@link define} is told of a behaviour that has no interface. */
export interface Spec {
  /** As callback modules name it. */
  readonly name: string
  /** Every callback, optional ones included, with the number of arguments it is called with. */
  readonly callbacks: Readonly<Record<string, number>>
  /** Default: none. */
  readonly optional?: readonly string[]
}

/**
 * Declares a behaviour.
 *
 * @typeParam T the interface of its callback modules; optional callbacks are its optional members
 * @throws ErlangError `['bad_behaviour', [name, ['undeclared_callback', callback]]]`: `optional` names a callback that
 *         `callbacks` does not declare; `['not_an_arity', [callback, value]]`
 */
export function define(spec: Spec): Behaviour
export function define<T extends object>(spec: SpecOf<T>): Behaviour
export function define({ name, callbacks, optional = [] }: Spec): Behaviour {
  for (const [callback, arity] of Object.entries(callbacks)) {
    if (!Number.isInteger(arity) || arity < 0) bad(name, ['not_an_arity', [callback, arity]])
  }
  for (const callback of optional) {
    if (!Object.hasOwn(callbacks, callback)) bad(name, ['undeclared_callback', callback])
  }
  return { name, callbacks: { ...callbacks }, optional: [...optional] }
}

function bad(name: string, why: unknown): never {
  throw new ErlangError(['bad_behaviour', [name, why]])
}

/** The behaviours of OTP, by name. gen_statem's state functions have no fixed names and are not declared. */
export const OTP_BEHAVIOURS: ReadonlyMap<string, Behaviour> = new Map(
  [
    define({
      name: 'gen_server',
      callbacks: {
        init: 1,
        handleCall: 3,
        handleCast: 2,
        handleInfo: 2,
        handleContinue: 2,
        terminate: 2,
        codeChange: 3,
        formatStatus: 1,
      },
      optional: ['handleInfo', 'handleContinue', 'terminate', 'codeChange', 'formatStatus'],
    }),
    define({
      name: 'gen_statem',
      callbacks: { init: 1, callbackMode: 0, handleEvent: 4, terminate: 3, codeChange: 4, formatStatus: 1 },
      optional: ['handleEvent', 'terminate', 'codeChange', 'formatStatus'],
    }),
    define({
      name: 'gen_event',
      callbacks: {
        init: 1,
        handleEvent: 2,
        handleCall: 2,
        handleInfo: 2,
        terminate: 2,
        codeChange: 3,
        formatStatus: 1,
      },
      optional: ['handleInfo', 'terminate', 'codeChange', 'formatStatus'],
    }),
    define({
      name: 'gen_fsm',
      callbacks: { init: 1, handleEvent: 3, handleSyncEvent: 4, handleInfo: 3, terminate: 3, codeChange: 4 },
      optional: ['handleInfo', 'terminate', 'codeChange'],
    }),
    define({ name: 'supervisor', callbacks: { init: 1 } }),
    define({ name: 'supervisor_bridge', callbacks: { init: 1, terminate: 2 } }),
    define({
      name: 'application',
      callbacks: { start: 2, stop: 1, startPhase: 3, prepStop: 1, configChange: 3 },
      optional: ['startPhase', 'prepStop', 'configChange'],
    }),
  ].map((behaviour) => [behaviour.name, behaviour]),
)

/**
 * The callbacks of a behaviour with their arities, in order of declaration. OTP: `Behaviour:behaviour_info/1`.
 *
 * @param of   a behaviour, or the name of one of OTP's
 * @param what `callbacks` (optional ones included) or `optional_callbacks`
 * @returns undefined when no behaviour has that name
 */
export function info(
  of: Behaviour | string,
  what: 'callbacks' | 'optional_callbacks',
): (readonly [callback: string, arity: number])[] | undefined {
  const behaviour = typeof of === 'string' ? OTP_BEHAVIOURS.get(of) : of
  if (behaviour === undefined) return undefined
  const all = Object.entries(behaviour.callbacks)
  return what === 'callbacks' ? all : all.filter(([callback]) => behaviour.optional.includes(callback))
}

/** What is wrong with a callback module, or between two behaviours. */
export type BehaviourFault =
  /** A mandatory callback is not exported; also an optional one that has been misspelt. */
  | {
      readonly tag: 'undefined_callback'
      readonly module: string
      readonly behaviour: string
      readonly callback: string
      readonly arity: number
      /** An export that was probably meant to be it. */
      readonly nearest: string | undefined
    }
  /** A callback asks for more arguments than it is given. */
  | {
      readonly tag: 'callback_arity'
      readonly module: string
      readonly behaviour: string
      readonly callback: string
      readonly arity: number
      readonly takes: number
    }
  /** Two behaviours of one module have a mandatory callback of the same name. */
  | {
      readonly tag: 'conflicting_behaviours'
      readonly module: string
      readonly callback: string
      readonly behaviours: readonly [string, string]
    }
  /** A module names a behaviour that nobody declares. */
  | {
      readonly tag: 'undefined_behaviour'
      readonly module: string
      readonly behaviour: string
      readonly nearest: string | undefined
    }

/** The exports of a callback module: how many arguments each asks for, undefined where that is not known. */
export type ExportArities = ReadonlyMap<string, number | undefined>

/** What a module lacks of a behaviour, in order of declaration. Pure; {@link check} reads the exports of a loaded one. */
export function faultsOf(behaviour: Behaviour, module: string, exports: ExportArities): BehaviourFault[] {
  const names = Object.keys(behaviour.callbacks)
  const spare = [...exports.keys()].filter((name) => !names.includes(name))
  const faults: BehaviourFault[] = []
  for (const [callback, arity] of Object.entries(behaviour.callbacks)) {
    const about = { module, behaviour: behaviour.name, callback, arity }
    if (!exports.has(callback)) {
      const optional = behaviour.optional.includes(callback)
      // A slip of one callback's name is not offered for another.
      const free = spare.filter((name) => !names.some((one) => one !== callback && plain(one) === plain(name)))
      const near =
        free.find((name) => plain(name) === plain(callback)) ?? (optional ? undefined : nearest(callback, free))
      if (!optional || near !== undefined) faults.push({ tag: 'undefined_callback', ...about, nearest: near })
      continue
    }
    const takes = exports.get(callback)
    // The older form of this one is told apart by its arguments; see gen_server_status.ts.
    const most = callback === 'formatStatus' && arity === 1 ? 2 : arity
    if (takes !== undefined && takes > most) faults.push({ tag: 'callback_arity', ...about, takes })
  }
  return faults
}

/** `handle_info` and `handleinfo` are slips of `handleInfo`; anything further away may be a function of its own. */
const plain = (name: string): string => name.toLowerCase().replaceAll('_', '')

/** Mandatory callbacks that two of the behaviours of a module share: it cannot be both. */
export function conflicts(behaviours: readonly Behaviour[], module: string): BehaviourFault[] {
  const faults: BehaviourFault[] = []
  for (const [index, one] of behaviours.entries()) {
    for (const other of behaviours.slice(index + 1)) {
      for (const callback of mandatory(one)) {
        if (!mandatory(other).includes(callback)) continue
        faults.push({ tag: 'conflicting_behaviours', module, callback, behaviours: [one.name, other.name] })
      }
    }
  }
  return faults
}

const mandatory = ({ callbacks, optional }: Behaviour): string[] =>
  Object.keys(callbacks).filter((callback) => !optional.includes(callback))

/**
 * Whether a module can be a callback module: for the start function of a behaviour, before it starts a process.
 *
 * @returns `'ok'`, or all that is wrong with it: `['error', ['bad_callback_module', faults]]`
 * @throws ErlangError `undef` when no module has that id
 */
export function check(
  behaviour: Behaviour,
  module: ModuleRef,
): 'ok' | ['error', ['bad_callback_module', BehaviourFault[]]] {
  const faults = faultsOf(behaviour, moduleName(module), exportsOf(module))
  return faults.length === 0 ? 'ok' : ['error', ['bad_callback_module', faults]]
}

function exportsOf(module: ModuleRef): ExportArities {
  const namespace = resolveModule(module)
  const arities = new Map<string, number | undefined>()
  for (const name of Object.keys(namespace)) {
    const value: unknown = Reflect.get(namespace, name)
    if (typeof value === 'function') arities.set(name, value.length)
  }
  return arities
}

const looked = new WeakSet<object>()

/**
 * Warns, once for each version of a module, of callbacks that are there in another spelling (`handle_info`) or ask for too many
 * arguments. What is merely absent is the build's to say: a server without `handleCast` is none the worse until
 * somebody casts. @internal
 */
export function warnAtStart(behaviourName: string, module: ModuleRef): void {
  const namespace = typeof module === 'string' ? currentVersion(module) : (currentVersion(module) ?? module)
  if (namespace === undefined || looked.has(namespace)) return
  looked.add(namespace)
  const behaviour = OTP_BEHAVIOURS.get(behaviourName)
  if (behaviour === undefined) return
  for (const fault of faultsOf(behaviour, moduleName(module), exportsOf(module))) {
    if (fault.tag === 'undefined_callback' && plain(fault.nearest ?? '') !== plain(fault.callback)) continue
    const facts = { ...fault, message: formatBehaviourFault(fault) }
    report('warning', { label: ['behaviour', fault.tag], report: facts }, { domain: ['otp'] })
  }
}

/** The fault as one sentence. */
export function formatBehaviourFault(fault: BehaviourFault): string {
  switch (fault.tag) {
    case 'undefined_callback': {
      const hint = fault.nearest === undefined ? '' : `; it exports "${fault.nearest}", was that meant?`
      const of = `callback "${fault.callback}" (${count(fault.arity)}) of behaviour "${fault.behaviour}"`
      return `"${fault.module}" does not export ${of}${hint}`
    }
    case 'callback_arity':
      return `"${fault.module}" has a "${fault.callback}" of ${count(fault.takes)}; "${fault.behaviour}" calls it with ${fault.arity}`
    case 'conflicting_behaviours': {
      const [one, other] = fault.behaviours
      return `"${fault.module}" cannot be both "${one}" and "${other}": callback "${fault.callback}" is required by both; make two modules of it`
    }
    case 'undefined_behaviour': {
      const hint = fault.nearest === undefined ? '' : `; did you mean "${fault.nearest}"?`
      return `"${fault.module}" is of behaviour "${fault.behaviour}", which nobody declares with Behaviour.define${hint}`
    }
  }
}

const count = (arity: number): string => `${arity} argument${arity === 1 ? '' : 's'}`
