/**
 * What systools refuses: a closed union by OTP's names, and its words. Faults of instructions are in systools_rc_error.
 *
 * Each names the place, both sides of a conflict, and the way out. OTP: `format_error/1` of systools_make.erl and
 * systools_relup.erl.
 *
 * Departure: `duplicate_application`, `circular_inclusions`, `version_not_in_range`, `bad_range` and `bad_regex` are not
 * OTP's, which does not notice, loops for ever, has no ranges, or crashes. `circular_dependencies` holds what OTP's does
 * and the whole walk of each circle.
 */
import { formatRcError, isRcError, type RcError } from './systools_rc_error.js'
import { quote, show } from './systools_shape.js'
import type { AppRef } from './systools_types.js'
import { formatSystoolsWarning, type SystoolsWarning } from './systools_warning.js'

/** Why an application of the release could not be read. */
export type ReadingFault =
  /** It is in none of the places that were searched; `nearest` is a known one with a similar name. */
  | { readonly tag: 'not_found'; readonly nearest?: string }
  /** Only other versions are there, in the order in which they were found. */
  | {
      readonly tag: 'no_valid_version'
      readonly wanted: string
      readonly found: readonly { readonly vsn: string; readonly file: string }[]
    }
  /** The release includes applications that its app.json does not. */
  | {
      readonly tag: 'override_include'
      readonly applications: readonly string[]
      readonly allowed: readonly string[]
      readonly file: string
    }
  | { readonly tag: 'missing_param'; readonly param: string; readonly file: string }
  | {
      readonly tag: 'bad_param'
      readonly param: string
      readonly got: unknown
      readonly allowed: string
      readonly file: string
    }
  | { readonly tag: 'parse_error'; readonly why: string; readonly file: string }
  | { readonly tag: 'badly_formatted_application'; readonly got: unknown; readonly file: string }

/** Two applications that claim the same thing. */
export interface Duplicate {
  /** The registered name, the included application, or the module. */
  readonly what: string
  readonly one: AppRef
  readonly another: AppRef
}

/** One step of a circle: who needs the next one, and why. */
export interface WalkStep {
  readonly application: string
  /** `needs` the next, `includes` it, or needs something that the next one includes. */
  readonly why: 'needs' | 'includes' | { readonly needs: string }
}

export type ReleaseError =
  | { readonly tag: 'badly_formatted_release'; readonly got: unknown }
  | { readonly tag: 'illegal_name'; readonly name: unknown }
  | { readonly tag: 'illegal_form'; readonly field: 'vsn' | 'erts'; readonly value: unknown }
  | {
      readonly tag: 'illegal_applications'
      readonly entries: readonly { readonly index: number; readonly name: unknown; readonly why: string }[]
    }
  | { readonly tag: 'duplicate_application'; readonly application: string; readonly versions: readonly string[] }
  | { readonly tag: 'missing_mandatory_app'; readonly application: string }
  | { readonly tag: 'mandatory_app'; readonly application: string; readonly type: string }
  | { readonly tag: 'error_reading'; readonly application: string; readonly vsn: string; readonly fault: ReadingFault }
  | {
      readonly tag: 'bad_application_name'
      readonly application: string
      readonly found: AppRef
      readonly file: string
    }
  /** `asked` says for each, by name, which applications need or include it. */
  | {
      readonly tag: 'undefined_applications'
      readonly applications: readonly string[]
      readonly asked: Readonly<Record<string, readonly string[]>>
    }
  | {
      readonly tag: 'bad_range'
      readonly application: string
      readonly needs: string
      readonly range: string
      readonly file: string
    }
  | {
      readonly tag: 'version_not_in_range'
      readonly application: AppRef
      readonly needs: AppRef
      readonly range: string
    }
  | {
      readonly tag: 'duplicate_register' | 'duplicate_include' | 'duplicate_modules'
      readonly duplicates: readonly Duplicate[]
    }
  | { readonly tag: 'circular_inclusions'; readonly walk: readonly string[] }
  /** `applications`: where OTP notices circles, and what is then waiting; `walks`: one whole circle of each knot. */
  | {
      readonly tag: 'circular_dependencies'
      readonly applications: readonly AppRef[]
      readonly walks: readonly (readonly WalkStep[])[]
    }
  | { readonly tag: 'module_not_found'; readonly application: AppRef; readonly module: string }

export type TarError =
  /** A file of an application is not there. */
  | { readonly tag: 'error_add_appl'; readonly application: string; readonly file: string; readonly why: 'enoent' }
  /** A file of the release is not there, or is no such file. */
  | {
      readonly tag: 'tar_error'
      readonly what: 'boot' | 'relup' | 'sys.config'
      readonly why: 'enoent' | 'invalid_format'
      readonly file: string
    }

export type RelupError =
  | { readonly tag: 'missing_sasl'; readonly name: string; readonly vsn: string }
  /** The appup.json is not there (`open`), cannot be read (`parse`), or is not one (`form`). */
  | {
      readonly tag: 'file_problem'
      readonly application: AppRef
      readonly problem: 'open' | 'parse' | 'form'
      readonly why: string
      readonly file: string
    }
  | {
      readonly tag: 'no_relup'
      readonly application: AppRef
      readonly mode: 'up' | 'down'
      readonly base: string
      readonly entries: readonly string[]
      readonly file: string
    }
  | {
      readonly tag: 'bad_regex'
      readonly application: string
      readonly regex: string
      readonly why: string
      readonly file: string
    }
  | { readonly tag: 'bad_appup_range'; readonly application: string; readonly range: string; readonly file: string }

/** Every fault of a release or of its instructions; {@link formatSystoolsError} has the words. `tag` is OTP's word. */
export type SystoolsError = (
  | ReleaseError
  | RelupError
  | TarError
  | RcError
  | { readonly tag: 'warnings_treated_as_errors'; readonly warnings: readonly SystoolsWarning[] }
) & {
  /** The release it is about, `NAME VSN`; only where several are looked at. */
  readonly release?: string
}

/** One sentence, without a full stop; a circle and treated warnings have a line for each part. */
export function formatSystoolsError(error: SystoolsError): string {
  const prefix = error.release === undefined ? '' : `release ${error.release}: `
  return prefix + (isRcError(error) ? formatRcError(error) : words(error))
}

const ref = (app: AppRef): string => `"${app.name}" ${app.vsn}`

function words(error: Exclude<SystoolsError, RcError>): string {
  switch (error.tag) {
    case 'badly_formatted_release':
      return `found ${show(error.got)}; a release is { "name", "vsn", "erts", "applications": [...] }`
    case 'error_add_appl':
      return `${error.file}: is missing; application "${error.application}" has to be built to be packed`
    case 'tar_error':
      return error.what === 'boot'
        ? `${error.file}: no start.script.json or NAME.script.json beside it; make one with make-script`
        : `${error.file}: is no ${error.what === 'relup' ? 'relup: { "vsn", "up": [...], "down": [...] }' : 'configuration: { "APPLICATION": { "key": value } }'}`
    case 'illegal_name':
      return `name: found ${show(error.name)}; a release's name has no path separators and no white space at its ends`
    case 'illegal_form':
      return `${error.field}: found ${show(error.value)}; a version is a word without path separators and white space`
    case 'illegal_applications':
      return error.entries.map((entry) => `applications[${entry.index}] ${show(entry.name)}: ${entry.why}`).join('\n')
    case 'duplicate_application':
      return `applications: "${error.application}" is listed ${error.versions.length} times (${error.versions.join(', ')}); keep one`
    case 'missing_mandatory_app':
      return `applications: "${error.application}" is not listed; every release needs kernel and stdlib`
    case 'mandatory_app':
      return `applications: "${error.application}" is "${error.type}"; it must be "permanent"`
    case 'error_reading':
      return readingWords(error.application, error.vsn, error.fault)
    case 'bad_application_name':
      return `${error.file}: found as "${error.application}", but it is the app.json of ${ref(error.found)}`
    case 'undefined_applications':
      return error.applications.map((name) => undefinedWords(name, error.asked[name] ?? [])).join('\n')
    case 'bad_range':
      return `${error.file}: "${error.application}" needs "${error.needs}" ${show(error.range)}, which is not a semver range`
    case 'version_not_in_range':
      return `${ref(error.application)} needs "${error.needs.name}" ${error.range}, but the release has ${error.needs.vsn}`
    case 'duplicate_register':
      return error.duplicates
        .map(
          ({ what, one, another }) =>
            `${ref(one)} and ${ref(another)} both register "${what}"; a registered name can have one owner`,
        )
        .join('\n')
    case 'duplicate_include':
      return error.duplicates
        .map(
          ({ what, one, another }) =>
            `${ref(one)} and ${ref(another)} both include "${what}"; it can be part of one ` +
            '(the release may override "included_applications" of the other)',
        )
        .join('\n')
    case 'duplicate_modules':
      return error.duplicates
        .map(({ what, one, another }) => `${ref(one)} and ${ref(another)} both list module "${what}"; list it once`)
        .join('\n')
    case 'circular_inclusions':
      return `applications include each other: ${[...error.walk, error.walk[0] ?? ''].join(' -> ')}; take one of the inclusions out`
    case 'circular_dependencies':
      return error.walks.map(walkWords).join('\n')
    case 'module_not_found':
      return `${ref(error.application)}: module "${error.module}" has no built file; build it, or take it out of "modules"`
    case 'missing_sasl':
      return `release "${error.name}" ${error.vsn} has no "sasl", which installs upgrades; add it to "applications"`
    case 'file_problem':
      return `${error.file}: the appup of ${ref(error.application)} ${error.why}`
    case 'no_relup': {
      const [list, word] = error.mode === 'up' ? ['up', 'from'] : ['down', 'to']
      const known = error.entries.length === 0 ? `"${list}" is empty` : `"${list}" has ${error.entries.join(', ')}`
      return `${error.file}: no entry ${word} "${error.base}" for ${ref(error.application)}; ${known}`
    }
    case 'bad_regex':
      return `${error.file}: ${show(error.regex)} is not a regular expression: ${error.why}`
    case 'bad_appup_range':
      return `${error.file}: ${show(error.range)} is not a semver range`
    case 'warnings_treated_as_errors':
      return error.warnings
        .map((warning) => `warning treated as an error: ${formatSystoolsWarning(warning)}`)
        .join('\n')
  }
}

const undefinedWords = (name: string, by: readonly string[]): string =>
  `${quote(by)} ${by.length === 1 ? 'needs' : 'need'} "${name}", which the release does not list; add it, or make it optional`

function readingWords(application: string, vsn: string, fault: ReadingFault): string {
  switch (fault.tag) {
    case 'not_found': {
      const hint = fault.nearest === undefined ? '' : `; did you mean "${fault.nearest}"?`
      return `"${application}" ${vsn} is in none of the places that were searched${hint}`
    }
    case 'no_valid_version':
      return `"${application}" ${fault.wanted} was not found, only ${fault.found.map(({ vsn, file }) => `${vsn} (${file})`).join(', ')}`
    case 'override_include':
      return (
        `the release includes ${quote(fault.applications)} in "${application}", but ${fault.file} ` +
        (fault.allowed.length === 0 ? 'includes none' : `includes only ${quote(fault.allowed)}`)
      )
    case 'missing_param':
      return `${fault.file}: "${fault.param}" is missing`
    case 'bad_param':
      return `${fault.file}: ${fault.param}: found ${show(fault.got)}; it is ${fault.allowed}`
    case 'parse_error':
      return `${fault.file}: cannot be read: ${fault.why}`
    case 'badly_formatted_application':
      return `${fault.file}: found ${show(fault.got)}; an app.json is { "name", "vsn", ... }`
  }
}

/** `a -> b -> a`, and in brackets why a step is there when it is not a plain dependency. */
function walkWords(walk: readonly WalkStep[]): string {
  const names = [...walk.map((step) => step.application), walk[0]?.application ?? '']
  const reasons = walk.flatMap(({ application, why }, i) => {
    if (why === 'needs') return []
    const next = names[i + 1] ?? ''
    return [
      why === 'includes'
        ? `"${application}" includes "${next}"`
        : `"${application}" needs "${why.needs}", which is part of "${next}"`,
    ]
  })
  const explained = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`
  return `applications need each other: ${names.join(' -> ')}${explained}; none of them could be started first`
}
