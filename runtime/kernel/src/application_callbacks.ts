/** Types of what an application's module exports, and of config providers. OTP: the callbacks of kernel's application.erl. */
import type { SysConfigSection } from '../../../schemas/types.js'
import type { Pid } from '../../erts/process.js'

/** `ok`, or the reason why not. */
export type Ok = 'ok' | ['error', unknown]

/** Return value of the callback `start`: the top process, and a state for `prepStop` and `stop` (default `[]`). */
export type StartReturn = ['ok', Pid] | ['ok', Pid, unknown] | ['error', unknown] | 'ignore'

/** The callback `start(type, arg)` of an application's module. */
export type Start<Arg = unknown> = (type: 'normal', arg: Arg) => StartReturn | Promise<StartReturn>

/** The callback `stop(state)`: the tree has gone. The result does not matter. */
export type Stop<State = unknown> = (state: State) => unknown

/** The optional callback `prepStop(state)`: the tree is about to go. @returns the state for `stop` */
export type PrepStop<State = unknown> = (state: State) => State | Promise<State>

/** What a callback returns that has only to succeed; nothing is `ok`. */
// biome-ignore lint/suspicious/noConfusingVoidType: the type of a function without return
export type OkOrNothing = Ok | void

/** The optional callback `startPhase(phase, type, arg)`, for applications with `start_phases`. */
export type StartPhase = (phase: string, type: 'normal', arg: unknown) => OkOrNothing | Promise<OkOrNothing>

/** The optional callback `configChange(changed, added, removed)`: parameters have changed at an upgrade. */
export type ConfigChange = (
  changed: readonly (readonly [key: string, value: unknown])[],
  added: readonly (readonly [key: string, value: unknown])[],
  removed: readonly string[],
) => OkOrNothing | Promise<OkOrNothing>

/**
 * All callbacks of an application's module: `self satisfies Application.Callbacks<Arg, State>` beside its exports has
 * TypeScript say what is missing or of a wrong type.
 */
export interface Callbacks<Arg = never, State = never> {
  /** Starts the tree. */
  readonly start: Start<Arg>
  /** The tree has gone. */
  readonly stop: Stop<State>
  /** For each of `start_phases`. */
  readonly startPhase?: StartPhase
  /** The tree is about to go. */
  readonly prepStop?: PrepStop<State>
  /** Parameters have changed at an upgrade. */
  readonly configChange?: ConfigChange
}

/**
 * A config provider, called when the node boots and again when it is upgraded; see config_provider.ts.
 *
 * `config` is the configuration so far, `args` are those of `config_providers`; what is returned is merged over it.
 */
export type ConfigProvider<Args extends readonly unknown[] = readonly unknown[]> = (
  config: SysConfigSection,
  ...args: Args
) => SysConfigSection | Promise<SysConfigSection>
