/**
 * What is wrong with upgrade instructions: a closed union by OTP's names, and its words.
 *
 * OTP: `format_error/1` of systools_rc.erl.
 *
 * Departure: `module_present`, `object_code_vsn` and `application_twice` are not OTP's, which lets such scripts pass and
 * fails, or does nothing, when they are installed; `code_change_not_suspended` is OTP's, whose check never applies.
 */
import { quote, show } from './systools_shape.js'

/** Tags of values of the wrong form; each is what was expected. */
export type FormTag = keyof typeof FORMS

const FORMS = {
  bad_module: 'a module of the application, such as "ch3" or "http/router"',
  bad_application: "an application's name",
  bad_func: 'the name of an exported function',
  bad_node: "a node's name",
  bad_change: '"soft", "supervisor" or { "advanced": EXTRA }',
  bad_mod_type: '"static" or "dynamic" (a supervisor is always "static")',
  bad_purge_method: '"soft_purge" or "brutal_purge"',
  bad_timeout: 'a whole number of milliseconds above 0, "infinity" or "default"',
  bad_start_type: '"permanent", "transient", "temporary", "load" or "none"',
  bad_mode: '"up" or "down"',
  bad_list: 'a list',
  bad_args_list: 'a list of arguments',
  bad_lib_vsn: 'a version',
  bad_code_change: '{ "module", "extra" }',
} as const

type Modules =
  | 'suspended_not_resumed'
  | 'resumed_not_suspended'
  | 'start_not_stop'
  | 'stop_not_start'
  | 'code_change_not_suspended'

export type RcError = (
  | { readonly tag: FormTag; readonly value: unknown }
  | { readonly tag: 'bad_instruction'; readonly op: unknown; readonly why: string }
  | { readonly tag: 'not_yet_implemented'; readonly op: string }
  | { readonly tag: 'bad_op_before_point_of_no_return'; readonly op: string }
  | { readonly tag: 'too_many_point_of_no_return' }
  | { readonly tag: 'no_object_code'; readonly module: string }
  | { readonly tag: Modules; readonly modules: readonly string[] }
  | { readonly tag: 'no_such_application' | 'removed_application_present'; readonly application: string }
  /** Its application does not list it in the version that it needs to be in; `nearest` is one that it does. */
  | { readonly tag: 'no_such_module'; readonly module: string; readonly nearest?: string }
  | { readonly tag: 'undef_module'; readonly module: string; readonly by: string }
  | { readonly tag: 'muldef_module'; readonly module: string; readonly first: string }
  | {
      readonly tag: 'conflicting_versions'
      readonly application: string
      readonly one: string
      readonly another: string
    }
  /** delete_module of a module that the version gone to still lists. */
  | { readonly tag: 'module_present'; readonly module: string }
  /** Object code of a version that is not the one gone to. */
  | { readonly tag: 'object_code_vsn'; readonly application: string; readonly vsn: string; readonly wanted: string }
  /** add_application or remove_application of an application that is added or removed by itself. */
  | {
      readonly tag: 'application_twice'
      readonly application: string
      readonly op: 'add_application' | 'remove_application'
    }
) & {
  /** The instruction: file, list and index; or the direction and the two releases when it is about all of them. */
  readonly at: string
}

/** Whether an error is one of these: they alone have a place among the instructions. */
export const isRcError = <E extends { readonly tag: string }>(error: E | RcError): error is RcError => 'at' in error

/** One sentence with its place first. */
export const formatRcError = (error: RcError): string => `${error.at}: ${words(error)}`

function words(error: RcError): string {
  switch (error.tag) {
    case 'bad_module':
    case 'bad_application':
    case 'bad_func':
    case 'bad_node':
    case 'bad_change':
    case 'bad_mod_type':
    case 'bad_purge_method':
    case 'bad_timeout':
    case 'bad_start_type':
    case 'bad_mode':
    case 'bad_list':
    case 'bad_args_list':
    case 'bad_lib_vsn':
    case 'bad_code_change':
      return `found ${show(error.value)}; it is ${FORMS[error.tag]}`
    case 'bad_instruction':
      return `${show(error.op)}: ${error.why}`
    case 'not_yet_implemented':
      return `"${error.op}" was never implemented; take it out`
    case 'bad_op_before_point_of_no_return':
      return `"${error.op}" before point_of_no_return; only load_object_code and apply may stand there`
    case 'too_many_point_of_no_return':
      return 'a second point_of_no_return; a script has at most one'
    case 'no_object_code':
      return `load of "${error.module}" without a load_object_code that names it; add one, or use load_module`
    case 'suspended_not_resumed':
      return `${quote(error.modules)} suspended and not resumed afterwards`
    case 'resumed_not_suspended':
      return `${quote(error.modules)} resumed without being suspended before`
    case 'start_not_stop':
      return `${quote(error.modules)} started without being stopped`
    case 'stop_not_start':
      return `${quote(error.modules)} stopped and not started`
    case 'code_change_not_suspended':
      return `code_change of ${quote(error.modules)}, which is not suspended; nothing would be changed`
    case 'no_such_application':
      return `application "${error.application}" is not in the release that this instruction needs it in`
    case 'removed_application_present':
      return `remove_application of "${error.application}", which the release gone to still has`
    case 'no_such_module': {
      const hint = error.nearest === undefined ? '' : `; did you mean "${error.nearest}"?`
      return `module "${error.module}" is not among the "modules" of its application${hint}`
    }
    case 'undef_module':
      return `"${error.by}" has "${error.module}" in mod_deps, but no instruction is about that module; add one, or take it out`
    case 'muldef_module':
      return `a second instruction about module "${error.module}"; the first is ${error.first}`
    case 'conflicting_versions':
      return `object code of "${error.application}" in versions ${error.one} and ${error.another}; only one can be loaded`
    case 'module_present':
      return `delete_module of "${error.module}", which the version gone to still lists in "modules"`
    case 'object_code_vsn':
      return `object code of "${error.application}" ${error.vsn}, but the release gone to has ${error.wanted}`
    case 'application_twice':
      return `${error.op} of "${error.application}": the releases already say so, it would happen twice; take the instruction out`
  }
}
