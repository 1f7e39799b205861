/**
 * What an upgrade will do, as one JSON value: the form that `plan`, `upgrade --dry-run` and `--json` share.
 *
 * Made by upgrade_plan_make.ts from the files of two releases, before anything runs. OTP has no counterpart: a relup is all
 * there is to read.
 */

/** The whole change, from one release to another. */
export interface UpgradePlan {
  /** Form of this value; raised when a reader of the one before would be misled. */
  readonly format: 1
  /** Name of the release. */
  readonly name: string
  readonly from: string
  readonly to: string
  readonly direction: 'up' | 'down'
  /** The relup that is carried out, relative to the release's root. */
  readonly file: string
  readonly verdict: Verdict
  /** Applications that are changed, in the order in which the relup first touches them. */
  readonly applications: readonly ApplicationChange[]
  /** Parameters that differ, by application in the order of the new release, then by key. */
  readonly config: readonly ParameterChange[]
  /** Config providers of either release: what they give is not in `config`. In the order in which they are asked. */
  readonly providers: readonly PlannedProvider[]
  /** npm packages that differ, by application, then by name. */
  readonly packages: readonly PackageChange[]
  /** What is underneath the modules. */
  readonly runtime: RuntimeChange
  /** Calls of the relup that are neither to an application nor to a supervisor's children. */
  readonly calls: readonly PlannedCall[]
  /** Processes of the modules concerned on the node that runs `from`; null where none was asked. */
  readonly live: LiveCounts | null
}

/** What the change costs. */
export type Verdict =
  /** Nothing restarts. */
  | { readonly kind: 'hot' }
  /** The node goes on; these applications or processes are stopped and started. */
  | { readonly kind: 'restarts'; readonly what: readonly string[] }
  /** The node has to be restarted; a clause for each reason. */
  | { readonly kind: 'needs_restart'; readonly because: readonly string[] }
  /** The node will refuse; a sentence for each reason. */
  | { readonly kind: 'refused'; readonly because: readonly string[] }

/** One application. */
export interface ApplicationChange {
  readonly application: string
  readonly change: 'changed' | 'added' | 'removed' | 'restarted'
  /** Null: the old release does not have it. */
  readonly from: string | null
  /** Null: the new release does not have it. */
  readonly to: string | null
  /** Of one that is added: its start type in the new release. */
  readonly type: string | null
  /** In the order of the relup; what it leaves out stands last. */
  readonly modules: readonly ModuleChange[]
}

/** One module, `id` is `APPLICATION/MODULE`. */
export type ModuleChange =
  /** Its processes are suspended, the code is replaced; `migrated`: their states go through code_change. */
  | {
      readonly id: string
      readonly change: 'update'
      readonly migrated: boolean
      /** The code itself is the same in both releases. */
      readonly same: boolean
    }
  /** As `update`, of a supervisor: `init` is asked again; children by id. */
  | {
      readonly id: string
      readonly change: 'supervisor'
      readonly starts: readonly string[]
      readonly stops: readonly string[]
      readonly restarts: readonly string[]
    }
  /** Replaced while its processes go on. */
  | { readonly id: string; readonly change: 'load'; readonly same: boolean }
  | { readonly id: string; readonly change: 'new' }
  | { readonly id: string; readonly change: 'removed' }
  /** Its processes stand still meanwhile; the code stays. */
  | { readonly id: string; readonly change: 'suspended' }
  /** Its processes are stopped and started again. */
  | { readonly id: string; readonly change: 'restart' }
  /** Its code differs and the relup does not load it. */
  | { readonly id: string; readonly change: 'left_out' }

/** One parameter of an application that both releases have. */
export interface ParameterChange {
  readonly application: string
  readonly key: string
  readonly change: 'changed' | 'added' | 'removed'
  /** Null for one that is added. Values of parameters named like secrets are `"***"`. */
  readonly old: unknown
  /** Null for one that is removed. */
  readonly new: unknown
  /** Whether the application has a `configChange` to be told with. */
  readonly told: boolean
  /** Modules that ask for it by a literal name, by id. */
  readonly readers: readonly string[]
}

/** A config provider. Its arguments may be secret and are left out. */
export interface PlannedProvider {
  /** `APPLICATION/MODULE.FUNCTION` */
  readonly provider: string
  /** `same`: both releases ask it, `added` and `removed`: only one does. */
  readonly change: 'same' | 'added' | 'removed'
}

/** One npm package that an application imports. */
export interface PackageChange {
  readonly application: string
  /** As it is imported. */
  readonly name: string
  /** Versions; null: not there. */
  readonly old: string | null
  readonly new: string | null
  /** Modules that import it and are loaded by the relup, by id: they get the new one. */
  readonly reloaded: readonly string[]
  /** Modules that import it and are not: they keep the old one until the node restarts. */
  readonly kept: readonly string[]
}

/** Node.js, and the part of otp-rel that is never replaced in a running node. */
export interface RuntimeChange {
  /** Versions of the node binary, where they differ. */
  readonly node: { readonly from: string; readonly to: string } | null
  /** Versions of `kernel`, which carries it, where the runtime differs. */
  readonly erts: { readonly from: string; readonly to: string } | null
  /** Where the relup restarts the node: before everything else, or after. */
  readonly restart: 'before' | 'after' | null
}

/** A call. */
export interface PlannedCall {
  /** `module:function(arguments)`. */
  readonly call: string
  /** `check`: before the point of no return; when it fails, nothing has been touched. */
  readonly when: 'check' | 'upgrade'
  /** Whether a failure later takes it back. */
  readonly undone: boolean
}

/** Processes on a node. */
export interface LiveCounts {
  /** `NAME@HOST`. */
  readonly node: string
  /** By module id; a module without any is left out. */
  readonly processes: Readonly<Record<string, number>>
}
