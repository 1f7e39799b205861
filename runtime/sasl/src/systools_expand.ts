/**
 * One script of an appup: each instruction checked, brought to its full form, its modules named with their application.
 *
 * A bare module is one of the appup's own application; a qualified one must be of it too. All faults are gathered.
 * OTP: `expand_script/1`, `check_syntax/1` and `normalize_instrs/1` of systools_rc.erl.
 *
 * Departure: `change: "supervisor"` can be combined with the other fields (OTP has no form for it), except with
 * `type: "dynamic"`, which would run its init before its code is loaded. A `code_change` without mode gets the mode it
 * means, `up`. `restart` and `reboot` are refused: OTP lets them pass here and refuses them at install.
 */
import { nearest } from '../../../schemas/nearest.js'
import type { PurgeMethod } from '../../../schemas/types.js'
import type { Checked, Step } from './systools_instruction.js'
import { FIELDS, isOp } from './systools_ops.js'
import type { FormTag, RcError } from './systools_rc_error.js'
import { isFileWord, isModule, isName, isRecord, isStartType, isString } from './systools_shape.js'

/** Whose script it is. */
export interface ScriptPlace {
  readonly application: string
  /** Bare names of its modules, in either version. */
  readonly modules: ReadonlySet<string>
  /** The script's place, such as `ch_app-2.0.0/ebin/appup.json up[0].instructions`. */
  readonly at: string
}

/** What came of a script. */
export interface Expanded {
  readonly steps: readonly Step<Checked>[]
  readonly errors: readonly RcError[]
}

export function expandScript(script: unknown, place: ScriptPlace): Expanded {
  if (!Array.isArray(script)) return { steps: [], errors: [{ tag: 'bad_list', value: script, at: place.at }] }
  const steps: Step<Checked>[] = []
  const errors: RcError[] = []
  for (const [i, value] of script.entries()) {
    const at = `${place.at}[${i}]`
    const reader = new InstructionReader(value, place, at)
    const instruction = readInstruction(reader)
    for (const one of reader.errors) errors.push(one)
    if (instruction !== undefined && reader.errors.length === 0) steps.push({ instruction, op: String(reader.op), at })
  }
  return { steps, errors }
}

/** @returns the instruction; of no use when the reader has errors. */
function readInstruction(read: InstructionReader): Checked | undefined {
  const { op } = read
  if (op === 'mnesia_backup') return read.refuse({ tag: 'not_yet_implemented', op, at: read.at })
  if (!isOp(op)) {
    const similar = isString(op) ? nearest(op, Object.keys(FIELDS)) : undefined
    const hint = similar === undefined ? '' : `; did you mean "${similar}"?`
    return read.refuse({ tag: 'bad_instruction', op, why: `there is no such instruction${hint}`, at: read.at })
  }
  read.onlyFields(FIELDS[op])
  switch (op) {
    case 'update': {
      const isSupervisor = read.field('change') === 'supervisor'
      return {
        op,
        module: read.module(),
        change: isSupervisor ? { advanced: [] } : read.change(),
        type: read.modType(isSupervisor),
        timeout: read.timeout(read.field('timeout')) ?? 'default',
        ...read.purges('brutal_purge'),
        mod_deps: read.modules('mod_deps', []),
      }
    }
    case 'load_module':
      return { op, module: read.module(), ...read.purges('brutal_purge'), mod_deps: read.modules('mod_deps', []) }
    case 'add_module':
      return {
        op: 'load_module',
        module: read.module(),
        pre_purge: 'brutal_purge',
        post_purge: 'brutal_purge',
        mod_deps: read.modules('mod_deps', []),
      }
    case 'delete_module':
      return { op, module: read.module(), mod_deps: read.modules('mod_deps', []) }
    case 'add_application':
      return { op, application: read.application(), type: read.startType() }
    case 'remove_application':
    case 'restart_application':
      return { op, application: read.application() }
    case 'load_object_code': {
      const application = read.application()
      return { op, application, vsn: read.libVsn(), modules: read.modules('modules', undefined, application) }
    }
    case 'load':
    case 'remove':
      return { op, module: read.module(), ...read.purges() }
    case 'purge':
    case 'resume':
    case 'stop':
    case 'start':
      return { op, modules: read.modules('modules') }
    case 'suspend':
      return { op, modules: read.suspended() }
    case 'code_change':
      return { op, mode: read.mode(), modules: read.changed() }
    case 'sync_nodes':
      return read.field('mfa') === undefined
        ? { op, id: read.field('id'), nodes: read.nodes() }
        : { op, id: read.field('id'), mfa: read.mfa() }
    case 'apply':
      return { op, mfa: read.mfa() }
    case 'point_of_no_return':
    case 'restart_new_emulator':
    case 'restart_emulator':
      return { op }
  }
}

/** Reads the fields of one instruction and gathers what is wrong with them; a faulty field reads as something harmless. */
class InstructionReader {
  readonly errors: RcError[] = []
  readonly op: unknown
  readonly at: string
  readonly #value: Readonly<Record<string, unknown>>
  readonly #place: ScriptPlace

  constructor(value: unknown, place: ScriptPlace, at: string) {
    this.#value = isRecord(value) ? value : {}
    this.op = isRecord(value) ? value.op : value
    this.#place = place
    this.at = at
  }

  refuse(error: RcError): undefined {
    this.errors.push(error)
    return undefined
  }

  field(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? this.#value[name] : undefined
  }

  onlyFields(fields: readonly string[]): void {
    for (const name of Object.keys(this.#value)) {
      if (name === 'op' || fields.includes(name)) continue
      const allowed = fields.length === 0 ? 'it has none' : `it has ${fields.join(', ')}`
      this.refuse({ tag: 'bad_instruction', op: this.op, why: `there is no field "${name}"; ${allowed}`, at: this.at })
    }
  }

  module(): string {
    return this.#qualify(this.field('module'), this.#place.application)
  }

  /** @param missing what a left out list means; nothing: that it must be there */
  modules(name: string, missing?: readonly string[], application = this.#place.application): readonly string[] {
    const list = this.field(name)
    if (list === undefined && missing !== undefined) return missing
    return this.#list(list).map((module) => this.#qualify(module, application))
  }

  suspended(): { module: string; timeout?: number | 'infinity' | 'default' }[] {
    return this.#list(this.field('modules')).map((value) => {
      if (!isRecord(value)) return { module: this.#wrong('bad_module', value, '') }
      const timeout = this.timeout(value.timeout)
      const module = this.#qualify(value.module, this.#place.application)
      return timeout === undefined ? { module } : { module, timeout }
    })
  }

  changed(): { module: string; extra: unknown }[] {
    return this.#list(this.field('modules')).map((value) => {
      if (!isRecord(value) || !Object.hasOwn(value, 'extra'))
        this.#wrong('bad_code_change', isRecord(value) ? value.module : value, '')
      return isRecord(value)
        ? { module: this.#qualify(value.module, this.#place.application), extra: value.extra }
        : { module: '', extra: null }
    })
  }

  nodes(): readonly string[] {
    return this.#list(this.field('nodes')).map((node) =>
      isString(node) && node !== '' ? node : this.#wrong('bad_node', node, ''),
    )
  }

  mfa(): readonly [string, string, readonly unknown[]] {
    const mfa = this.field('mfa')
    if (!Array.isArray(mfa) || mfa.length !== 3) {
      this.refuse({ tag: 'bad_instruction', op: this.op, why: '"mfa" is [module, function, [arguments]]', at: this.at })
      return ['', '', []]
    }
    const [module, fun, args]: unknown[] = mfa
    return [
      this.#callee(module),
      isString(fun) && /^\S+$/.test(fun) ? fun : this.#wrong('bad_func', fun, ''),
      Array.isArray(args) ? args : this.#wrong('bad_args_list', args, []),
    ]
  }

  application(): string {
    const application = this.field('application')
    return isName(application) ? application : this.#wrong('bad_application', application, '')
  }

  libVsn(): string {
    const vsn = this.field('vsn')
    return isFileWord(vsn) ? vsn : this.#wrong('bad_lib_vsn', vsn, '')
  }

  startType(): 'permanent' | 'transient' | 'temporary' | 'load' | 'none' {
    const type = this.field('type')
    if (type === undefined) return 'permanent'
    return isStartType(type) ? type : this.#wrong('bad_start_type', type, 'permanent')
  }

  change(): 'soft' | { advanced: unknown } {
    const change = this.field('change')
    if (change === undefined || change === 'soft') return 'soft'
    const isAdvanced = isRecord(change) && Object.hasOwn(change, 'advanced') && Object.keys(change).length === 1
    return isAdvanced ? { advanced: change.advanced } : this.#wrong('bad_change', change, 'soft')
  }

  modType(isSupervisor: boolean): 'static' | 'dynamic' {
    const type = this.field('type')
    if (type === undefined) return isSupervisor ? 'static' : 'dynamic'
    if (type === 'static' || (type === 'dynamic' && !isSupervisor)) return type
    return this.#wrong('bad_mod_type', type, 'static')
  }

  timeout(value: unknown): number | 'infinity' | 'default' | undefined {
    if (value === undefined || value === 'infinity' || value === 'default') return value
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
    return this.#wrong('bad_timeout', value, undefined)
  }

  mode(): 'up' | 'down' {
    const mode = this.field('mode')
    if (mode === undefined) return 'up'
    return mode === 'up' || mode === 'down' ? mode : this.#wrong('bad_mode', mode, 'up')
  }

  /** @param missing what a left out method means; nothing: that it must be there */
  purges(missing?: PurgeMethod): { pre_purge: PurgeMethod; post_purge: PurgeMethod } {
    const purge = (name: string): PurgeMethod => {
      const method = this.field(name) ?? missing
      return method === 'soft_purge' || method === 'brutal_purge'
        ? method
        : this.#wrong('bad_purge_method', method, 'brutal_purge')
    }
    return { pre_purge: purge('pre_purge'), post_purge: purge('post_purge') }
  }

  #wrong<T>(tag: FormTag, value: unknown, harmless: T): T {
    this.errors.push({ tag, value, at: this.at })
    return harmless
  }

  #list(value: unknown): readonly unknown[] {
    return Array.isArray(value) ? value : this.#wrong('bad_list', value, [])
  }

  #qualify(module: unknown, application: string): string {
    if (!isModule(module)) return this.#wrong('bad_module', module, '')
    const isQualified =
      module.startsWith(`${application}/`) &&
      !(application === this.#place.application && this.#place.modules.has(module))
    return isQualified ? module : `${application}/${module}`
  }

  /** The module of a call may be of any application: only one of the own modules may go without its application. */
  #callee(module: unknown): string {
    if (!isModule(module)) return this.#wrong('bad_module', module, '')
    return module.includes('/') && !this.#place.modules.has(module) ? module : `${this.#place.application}/${module}`
  }
}
