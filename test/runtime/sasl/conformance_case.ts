/**
 * Cases of the conformance vectors (test/golden/*-cases.json): running them, and what their errors and warnings are called.
 *
 * The vectors were recorded from OTP's systools; errors and warnings there are `{ name, args }`.
 */
import {
  makeRelup,
  makeScript,
  type SystoolsError,
  type SystoolsWarning,
  type World,
} from '../../../runtime/sasl/src/systools.js'

export interface Term {
  readonly name: string
  readonly args: readonly unknown[]
}

export interface OpenBlock {
  readonly at: number
  readonly count: number
  readonly parts: readonly (readonly string[])[]
  readonly edges: readonly (readonly [string, string])[]
}

export interface Case {
  readonly id: string
  readonly kind: 'script' | 'relup'
  readonly form?: true
  readonly otp_quirk?: true
  readonly quirk?: string
  readonly apps: readonly Readonly<Record<string, unknown>>[]
  readonly found_as?: Readonly<Record<string, string>>
  readonly appups?: Readonly<Record<string, unknown>>
  readonly files?: Readonly<
    Record<'sources' | 'missing_objects' | 'newer_sources', Readonly<Record<string, readonly string[]>> | undefined>
  >
  readonly rel?: unknown
  readonly rels?: Readonly<Record<string, unknown>>
  readonly top?: string
  readonly up_from?: readonly (string | { readonly rel: string; readonly description?: unknown })[]
  readonly down_to?: readonly (string | { readonly rel: string; readonly description?: unknown })[]
  readonly options?: Readonly<Record<string, boolean>>
  readonly expected: {
    readonly errors: readonly Term[]
    readonly warnings?: readonly Term[]
    readonly path_dirs_order?: readonly string[]
    readonly load_order?: readonly string[]
    readonly start?: readonly (readonly [string, string])[]
    readonly modules_by_app?: Readonly<Record<string, readonly string[]>>
    readonly resources?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    readonly relup?: unknown
    readonly open_order?: {
      readonly up: readonly (readonly OpenBlock[])[]
      readonly down: readonly (readonly OpenBlock[])[]
    }
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** The world that a case describes. */
export function worldOf(test: Case): World {
  const files = Object.entries(test.files ?? {}).length === 0 ? undefined : test.files
  return {
    apps: test.apps.map((app, i) =>
      '$unreadable' in app
        ? { name: String(app.$unreadable), unreadable: 'not JSON' }
        : { name: test.found_as?.[i] ?? String(app.name), app },
    ),
    appups: Object.fromEntries(
      Object.entries(test.appups ?? {}).map(([key, appup]) => [
        key,
        isRecord(appup) && '$unreadable' in appup ? { unreadable: 'not JSON' } : { appup },
      ]),
    ),
    ...(files === undefined
      ? {}
      : {
          files: Object.fromEntries(
            test.apps.map(({ name, vsn }) => {
              const of = (fact: 'sources' | 'missing_objects' | 'newer_sources') => files[fact]?.[String(name)] ?? []
              return [
                `${name}-${vsn}`,
                { sources: of('sources'), missing_objects: of('missing_objects'), newer_sources: of('newer_sources') },
              ]
            }),
          ),
        }),
  }
}

/** Runs a case through the public functions. */
export function run(test: Case) {
  const world = worldOf(test)
  if (test.kind === 'script') {
    const result = makeScript(test.rel, world, test.options)
    return result.ok ? { ok: true as const, ...result.value, relup: undefined } : result
  }
  const base = (entry: string | { readonly rel: string; readonly description?: unknown }) =>
    typeof entry === 'string' ? { rel: test.rels?.[entry] } : { ...entry, rel: test.rels?.[entry.rel] }
  const releases = {
    top: test.rels?.[test.top ?? ''],
    upFrom: (test.up_from ?? []).map(base),
    downTo: (test.down_to ?? []).map(base),
  }
  const result = makeRelup(releases, world, test.options)
  return result.ok ? { ok: true as const, ...result.value, script: undefined } : result
}

/** A warning as the vectors have it. */
export function warningTerm(warning: SystoolsWarning): Term {
  switch (warning.tag) {
    case 'missing_sasl':
      return { name: warning.tag, args: [] }
    case 'source_not_found':
    case 'obj_out_of_date':
      return { name: warning.tag, args: [warning.application, warning.module] }
    case 'erts_vsn_changed':
      return {
        name: warning.tag,
        args: [
          [warning.top.name, warning.top.erts],
          [warning.base.name, warning.base.erts],
        ],
      }
    case 'bad_vsn':
      return { name: warning.tag, args: [warning.appup, warning.app] }
    case 'dupl_entry':
    case 'needs_itself':
    case 'dependency_not_started':
      return { name: warning.tag, args: [warning.application] }
  }
}

/** An error as the vectors have it. */
export function errorTerm(error: SystoolsError): Term {
  const term = (...args: readonly unknown[]): Term => ({ name: error.tag, args })
  switch (error.tag) {
    case 'badly_formatted_release':
    case 'too_many_point_of_no_return':
      return term()
    case 'illegal_name':
      return term(error.name)
    case 'illegal_form':
      return error.field === 'erts' ? term('erts', error.value) : term(error.value)
    case 'illegal_applications':
      return term(error.entries.map(({ name }) => name))
    case 'missing_mandatory_app':
    case 'no_such_application':
    case 'removed_application_present':
    case 'duplicate_application':
    case 'application_twice':
      return term(error.application)
    case 'mandatory_app':
      return term(error.application, error.type)
    case 'error_reading': {
      const { fault } = error
      switch (fault.tag) {
        case 'no_valid_version':
          return term(error.application, { name: fault.tag, args: [fault.wanted, fault.found[0]?.vsn] })
        case 'override_include':
          return term(error.application, { name: fault.tag, args: [fault.applications] })
        case 'bad_param':
        case 'missing_param':
          return term(error.application, { name: fault.tag, args: [fault.param] })
        case 'not_found':
        case 'parse_error':
        case 'badly_formatted_application':
          return term(error.application, { name: fault.tag, args: [] })
      }
      return term()
    }
    case 'bad_application_name':
      return term(error.application, [error.found.name, error.found.vsn])
    case 'undefined_applications':
      return term(error.applications)
    case 'duplicate_register':
    case 'duplicate_include':
    case 'duplicate_modules':
      return term(error.duplicates.map(({ what, one, another }) => [what, one.name, another.name]))
    case 'circular_dependencies':
      return term(error.applications.map(({ name, vsn }) => [name, vsn]))
    case 'circular_inclusions':
      return term(error.walk)
    case 'version_not_in_range':
    case 'bad_range':
      return term(error.application)
    case 'module_not_found':
      return term(error.application.name, error.module)
    case 'warnings_treated_as_errors':
      return term(error.warnings.map(warningTerm))
    case 'missing_sasl':
      return term(error.name, error.vsn)
    case 'file_problem':
      return term(error.application.name, error.problem)
    case 'no_relup':
      return term(error.application.name, error.application.vsn, error.base)
    case 'bad_regex':
    case 'bad_appup_range':
      return term(error.application)
    case 'bad_op_before_point_of_no_return':
    case 'bad_instruction':
    case 'not_yet_implemented':
      return term(error.op)
    case 'no_object_code':
    case 'no_such_module':
    case 'undef_module':
    case 'muldef_module':
    case 'module_present':
      return term(error.module)
    case 'suspended_not_resumed':
    case 'resumed_not_suspended':
    case 'start_not_stop':
    case 'stop_not_start':
    case 'code_change_not_suspended':
      return term(error.modules)
    case 'conflicting_versions':
      return term(error.application, error.one, error.another)
    case 'object_code_vsn':
      return term(error.application, error.vsn)
    // packages have no public cases
    case 'error_add_appl':
    case 'tar_error':
      return term(error.file)
    default:
      return term(error.value)
  }
}
