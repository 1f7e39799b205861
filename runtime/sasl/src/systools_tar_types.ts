/** What makeTar is told of the disk, and its options. */
import type { Application } from './systools_types.js'
import { nameVsn } from './systools_types.js'

/** A file with its content, parsed and unchecked; a file that cannot be parsed has the content `undefined`. */
export interface FoundContent {
  /** As the caller names it. */
  readonly file: string
  /** The value that was parsed. */
  readonly content: unknown
}

/** Where the files of a release are. */
export interface TarFiles {
  /** The rel file. */
  readonly rel: string
  /** By NAME-VSN: an application's folder, and the files below it with `/`, as in a release (`ebin/app.json`). */
  readonly trees: Readonly<Record<string, { readonly dir: string; readonly files: readonly string[] }>>
  /** The boot script: `start.script.json`, else `NAME.script.json`. */
  readonly boot?: FoundContent
  /** `relup.json`; a package needs none. */
  readonly relup?: FoundContent
  /** `sys.config.json`; a package needs none. */
  readonly sys_config?: FoundContent
}

/** Options of makeTar beside those of makeScript, by OTP's names. */
export interface TarOptions {
  /** Further folders of each application to pack, such as `src`; one that is not there is passed over. Default none. */
  readonly dirs?: readonly string[]
  /** The node binary's folder and the files of it that travel. Default: none travels. */
  readonly erts?: { readonly dir: string; readonly files: readonly string[] }
  /** Further files. Default none. */
  readonly extra_files?: readonly { readonly from: string; readonly to: string }[]
  /** As of makeScript. */
  readonly variables?: Readonly<Record<string, string>>
  /** Applications below a variable: packed as all others, or left out. Default `include`. */
  readonly var_tar?: 'include' | 'omit'
}

/** Where an application would be, for messages. */
export const appFolderOf = (app: Application): string => app.dir?.replace(/\/ebin$/, '') ?? `lib/${nameVsn(app)}`
