/**
 * What systools warns about: a closed union by OTP's names, and its words.
 *
 * With `warnings_as_errors` any of them is an error. OTP: `format_warning/1` of systools_make.erl and systools_relup.erl.
 *
 * Departure: `dupl_entry`, `needs_itself` and `dependency_not_started` are not OTP's; there the first is an error about
 * something else, and the other two are silent (the last one until an application stays down after boot).
 */
import type { StartType } from './systools_types.js'

/** What is warned about and does not end a build; {@link formatSystoolsWarning} has the words. */
export type SystoolsWarning = (
  | { readonly tag: 'missing_sasl' }
  /** A module without a source beside it. */
  | { readonly tag: 'source_not_found'; readonly application: string; readonly module: string }
  /** A module whose source was changed after it was built. */
  | { readonly tag: 'obj_out_of_date'; readonly application: string; readonly module: string }
  /** A name that stands twice in one list of app.json; it counts once. */
  | {
      readonly tag: 'dupl_entry'
      readonly application: string
      readonly key: string
      readonly names: readonly string[]
      readonly file: string
    }
  /** An application that lists itself; the entry is dropped. */
  | { readonly tag: 'needs_itself'; readonly application: string; readonly file: string }
  /** A started application that depends on one which the release does not start. */
  | {
      readonly tag: 'dependency_not_started'
      readonly application: string
      readonly needs: string
      readonly type: StartType
    }
  /** The two releases run on different node binaries. */
  | { readonly tag: 'erts_vsn_changed'; readonly top: ReleaseErts; readonly base: ReleaseErts }
  /** An appup.json that says it is of another version than the app.json beside it. */
  | {
      readonly tag: 'bad_vsn'
      readonly application: string
      readonly appup: string
      readonly app: string
      readonly file: string
    }
) & {
  /** The release it is about, `NAME VSN`; only where several are looked at. */
  readonly release?: string
}

/** A release's name and the version of its node binary. */
export interface ReleaseErts {
  readonly name: string
  readonly erts: string
}

/** One sentence, without a full stop. */
export function formatSystoolsWarning(warning: SystoolsWarning): string {
  return warning.release === undefined ? words(warning) : `release ${warning.release}: ${words(warning)}`
}

function words(warning: SystoolsWarning): string {
  switch (warning.tag) {
    case 'missing_sasl':
      return 'the release has no "sasl"; without it no upgrade can be installed'
    case 'source_not_found':
      return `"${warning.application}": there is no source of module "${warning.module}"`
    case 'obj_out_of_date':
      return `"${warning.application}": the source of module "${warning.module}" was changed after it was built; build it again`
    case 'dupl_entry':
      return `${warning.file}: ${warning.key} names ${warning.names.map((name) => `"${name}"`).join(', ')} more than once; once is enough`
    case 'needs_itself':
      return `${warning.file}: applications of "${warning.application}" names "${warning.application}" itself; take it out`
    case 'dependency_not_started':
      return (
        `"${warning.application}" needs "${warning.needs}" started, but the release has it with type "${warning.type}"; ` +
        `"${warning.application}" would not be started at boot`
      )
    case 'erts_vsn_changed':
      return (
        `release "${warning.top.name}" runs on node ${warning.top.erts}, "${warning.base.name}" on ${warning.base.erts}; ` +
        'the upgrade restarts the node'
      )
    case 'bad_vsn':
      return `${warning.file}: vsn is "${warning.appup}", that of the app.json beside it "${warning.app}"`
  }
}
