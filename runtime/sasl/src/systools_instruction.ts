/**
 * Instructions between appup and relup: checked, every default filled in, every module with its application, and each
 * with the place it was written at.
 *
 * High-level ones get fewer from stage to stage: {@link Checked} after systools_expand, {@link ModuleLevel} after the
 * application instructions are translated, {@link LowLevelInstruction} in the relup.
 */
import type {
  AddApplication,
  LowLevelInstruction,
  PurgeMethod,
  RemoveApplication,
  RestartApplication,
  SuspendTimeout,
} from '../../../schemas/types.js'

/** `update` in its full form. A supervisor's change is static and advanced, with an empty list. */
export interface FullUpdate {
  readonly op: 'update'
  readonly module: string
  readonly change: 'soft' | { readonly advanced: unknown }
  readonly type: 'static' | 'dynamic'
  readonly timeout: SuspendTimeout
  readonly pre_purge: PurgeMethod
  readonly post_purge: PurgeMethod
  readonly mod_deps: readonly string[]
}

/** `load_module` in its full form; `add_module` is the same with brutal purges. */
export interface FullLoadModule {
  readonly op: 'load_module'
  readonly module: string
  readonly pre_purge: PurgeMethod
  readonly post_purge: PurgeMethod
  readonly mod_deps: readonly string[]
}

/** `delete_module` in its full form. */
export interface FullDeleteModule {
  readonly op: 'delete_module'
  readonly module: string
  readonly mod_deps: readonly string[]
}

/** Instructions about one module, which are ordered by what they depend on. */
export type ModuleInstruction = FullUpdate | FullLoadModule | FullDeleteModule

/** What systools_expand makes of an appup's instruction. */
export type Checked =
  | ModuleInstruction
  | Required<AddApplication>
  | RemoveApplication
  | RestartApplication
  | LowLevelInstruction

/** What is left when applications are translated. */
export type ModuleLevel = ModuleInstruction | LowLevelInstruction

/** An instruction and where it comes from. */
export interface Step<I> {
  readonly instruction: I
  /** Name of the instruction as it was written. */
  readonly op: string
  /** Where it was written, for messages. */
  readonly at: string
  /** Part of the load of a whole application, after it was stopped: nothing is ordered against it. */
  readonly ofRestart?: true
}

/** Whether an instruction is one of those that mod_deps order. */
export const isModuleInstruction = (instruction: Checked): instruction is ModuleInstruction =>
  instruction.op === 'update' || instruction.op === 'load_module' || instruction.op === 'delete_module'
