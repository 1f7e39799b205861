/** What a project's configuration says, paths absolute and defaults filled in: what config.ts makes. */
import type { Fault } from '../../schemas/fault.js'
import { formatPath, type JsonPath, positionOf } from '../../schemas/position.js'
import type { BuildHooks, Overlay, StartType, WrittenVsn } from '../../schemas/types.js'

/** A file and its text, in which later stages place their faults. */
export interface TextFile {
  /** Absolute. */
  readonly file: string
  readonly text: string
}

/** A project's configuration. */
export interface Config {
  /** `otp.config.json`; the text is empty where a program made the configuration. */
  readonly source: TextFile
  /** The project's folder, absolute. */
  readonly root: string
  /** Where applications are looked for, in order, as written; relative to the root. */
  readonly libDirs: readonly string[]
  /** The profiles that were asked for, lowest first. */
  readonly profiles: readonly string[]
  /** Folder that the build writes below, absolute. */
  readonly output: string
  /** Folder of what the build remembers, absolute: the same for all profiles. */
  readonly cache: string
  /** Commands around a build. */
  readonly buildHooks: BuildHooks
  /** In the order of the file; the first is the default one. */
  readonly releases: readonly ReleaseSpec[]
}

/** A release as it is asked for. */
export interface ReleaseSpec {
  readonly name: string
  /** The version, or where it is to be looked up. */
  readonly vsn: WrittenVsn
  /** In the order of the file. */
  readonly goals: readonly GoalSpec[]
  /** Absolute; absent: an empty configuration. */
  readonly sysConfig?: string
  /** Absolute; absent: no flags. */
  readonly vmArgs?: string
  /** `true`: this node binary travels along; `false`: the target's; or a node binary, absolute. */
  readonly includeErts: boolean | string
  /** Versions built before that a relup is made from and to, in order. */
  readonly upgradeFrom: readonly string[]
  /** Whether the build generates what no appup.json says. */
  readonly appup: 'generate' | 'written'
  /** Files that may travel although they look like secrets. */
  readonly allowSecrets: readonly string[]
  /** Absolute; absent: nothing of the project's own in env.sh. */
  readonly envSh?: string
  /** Links instead of copies. */
  readonly devMode: boolean
  /** Whether sources travel. */
  readonly includeSrc: boolean
  /** Whether source maps stay at home. */
  readonly strip: boolean
  /** Files of the project's own, in order, each with its place in the file. */
  readonly overlay: readonly { readonly item: Overlay; readonly path: JsonPath }[]
  /** Variables of overlays, or a JSON file with them, absolute. */
  readonly overlayVars: Readonly<Record<string, unknown>> | string
  /** Where it stands in the file. */
  readonly path: JsonPath
  /** Where each of its settings stands that the file says; see {@link settingPath}. */
  readonly origins: Readonly<Record<string, JsonPath>>
}

/** Where a setting of a release stands: in the release, in what it extends, in a profile, in `defaults`. */
export function settingPath({ origins, path }: ReleaseSpec, key: string, ...inside: JsonPath): JsonPath {
  const origin = origins[key]
  return origin === undefined ? path : [...origin, ...inside]
}

/** An application that a release is asked to have. */
export interface GoalSpec {
  readonly name: string
  /** Versions that will do; absent: the newest. */
  readonly range?: string
  readonly type: StartType
  /** Overrides the list of its app.json where present. */
  readonly included_applications?: readonly string[]
  /** Where it stands in the file. */
  readonly path: JsonPath
}

/** A fault placed in a file's text. */
export function faultAt(source: TextFile, path: JsonPath, tag: string, message: string): Fault {
  return {
    tag,
    severity: 'error',
    message,
    file: source.file,
    ...positionOf(source.text, path),
    path: formatPath(path),
  }
}
