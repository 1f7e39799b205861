/**
 * What the stages of systools hand to each other: the world they look into, and releases, applications and scripts once
 * they are checked, with every default filled in.
 *
 * Files come in as unchecked JSON values (`unknown`): nobody has to validate before asking. OTP: the records
 * `#release` and `#application` of systools.hrl.
 */

import type { StartType } from '../../../schemas/types.js'

export type { StartType }

/** An app.json that was found, or one that is there and cannot be read. */
export type FoundApp =
  | {
      /** The application as which it was found (its folder's name): not always what the file itself says. */
      readonly name: string
      /** The file, for messages. */
      readonly file?: string
      /** The `ebin` folder; used by the options `local` and `variables`. */
      readonly dir?: string
      /** The content, unchecked. */
      readonly app: unknown
    }
  | {
      /** The application as which it was found. */
      readonly name: string
      /** The file, for messages. */
      readonly file?: string
      /** Why it cannot be read, in words. */
      readonly unreadable: string
    }

/** The appup.json beside an app.json, or why it cannot be read. */
export type FoundAppup =
  | { readonly file?: string; readonly appup: unknown }
  | { readonly file?: string; readonly unreadable: string }

/** What is known of the module files of one application; only looked at with `src_tests`. */
export interface ModuleFiles {
  /** Modules (bare) that have a source. */
  readonly sources?: readonly string[]
  /** Modules (bare) whose built file is not there; all others are. */
  readonly missing_objects?: readonly string[]
  /** Modules (bare) whose source was changed after they were built. */
  readonly newer_sources?: readonly string[]
}

/** Everything systools may look at; collected by the caller, so that systools itself needs no disk. */
export interface World {
  /** Every app.json, in the order in which they are searched. */
  readonly apps: readonly FoundApp[]
  /** appup.json files by `NAME-VSN` of the application beside which they lie. */
  readonly appups?: Readonly<Record<string, FoundAppup>>
  /** Module files by `NAME-VSN`; an application without an entry is not looked at. */
  readonly files?: Readonly<Record<string, ModuleFiles>>
}

/** One application of a release file, checked, its type filled in. */
export interface ReleaseEntry {
  readonly name: string
  readonly vsn: string
  readonly type: StartType
  /** Overrides the list in app.json where present. */
  readonly included_applications?: readonly string[]
}

/** A release file that passed its checks. */
export interface Release {
  readonly name: string
  readonly vsn: string
  /** Version of the node binary. */
  readonly erts: string
  /** In the order of the file. */
  readonly applications: readonly ReleaseEntry[]
}

/** One application of a release: its app.json with every default, and what the release says about it. */
export interface Application {
  readonly name: string
  readonly vsn: string
  readonly type: StartType
  readonly description: string
  readonly id: string
  /** Bare names, in the order of app.json. */
  readonly modules: readonly string[]
  readonly registered: readonly string[]
  /** Names it depends on, each once, in the order of app.json until the stages of systools_order change it. */
  readonly uses: readonly string[]
  /** The version range asked for, by name; only where app.json gives one. */
  readonly ranges: ReadonlyMap<string, string>
  readonly optional: readonly string[]
  /** The applications it includes: the release's list, otherwise that of app.json. */
  readonly includes: readonly string[]
  /** Bare callback module and start argument. */
  readonly mod?: readonly [module: string, argument: unknown]
  readonly start_phases?: readonly (readonly [phase: string, argument: unknown])[]
  readonly env: Readonly<Record<string, unknown>>
  /** Milliseconds. */
  readonly maxT: number | 'infinity'
  /** Where its app.json is, for messages. */
  readonly file: string
  /** The `ebin` folder it was found in. */
  readonly dir?: string
}

/** A release with all its applications. */
export interface ResolvedRelease {
  /** Its name, version and applications as the release file has them. */
  readonly release: Release
  /** In the order in which they are loaded and, those that are, started. */
  readonly sorted: readonly Application[]
  /** The same applications by name. */
  readonly byName: ReadonlyMap<string, Application>
}

/** An application's name and version. */
export interface AppRef {
  readonly name: string
  readonly vsn: string
}

/** `NAME-VSN`, under which folders, appups and module files are known. */
export const nameVsn = (app: AppRef): string => `${app.name}-${app.vsn}`
