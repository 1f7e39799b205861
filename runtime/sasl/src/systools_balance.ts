/**
 * What low-level instructions need of each other: a load its object code, a suspend its resume, a stop its start.
 *
 * What high-level instructions will bring does not count. OTP: `check_load/2`, `check_suspend_resume/1`,
 * `check_start_stop/1` of systools_rc.erl.
 *
 * Departure: order counts for suspend and resume, and a code_change of what is not suspended is refused; OTP compares
 * the two sets only, and its check of code_change never applies. Object code must be that of the release gone to.
 */
import { nearest } from '../../../schemas/nearest.js'
import type { LowLevelInstruction } from '../../../schemas/types.js'
import type { Checked, Step } from './systools_instruction.js'
import type { Merged } from './systools_merge.js'
import type { RcError } from './systools_rc_error.js'
import type { Application, ResolvedRelease } from './systools_types.js'

/** @param to the release gone to */
export function checkBalance({ before, after }: Merged<Checked>, to: ResolvedRelease): RcError[] {
  const modules = new Map<string, ReadonlySet<string>>()
  const modulesOf = ({ name, modules: own }: Application): ReadonlySet<string> => {
    const known = modules.get(name) ?? new Set(own.map((module) => `${name}/${module}`))
    modules.set(name, known)
    return known
  }
  return [
    ...before.flatMap((step) => checkObjectCode(step, to, modulesOf)),
    ...checkLoads(before, after),
    ...checkSuspends(after),
    ...checkStops(after),
  ]
}

function checkObjectCode(
  { instruction, at }: Step<Checked>,
  to: ResolvedRelease,
  modulesOf: (app: Application) => ReadonlySet<string>,
): RcError[] {
  if (instruction.op !== 'load_object_code') return []
  const { application, vsn } = instruction
  const app = to.byName.get(application)
  if (app === undefined) return [{ tag: 'no_such_application', application, at }]
  if (app.vsn !== vsn) return [{ tag: 'object_code_vsn', application, vsn, wanted: app.vsn, at }]
  const known = modulesOf(app)
  return instruction.modules.filter((module) => !known.has(module)).map((module) => noSuchModule(module, known, at))
}

/** With more modules than this nobody is told of the nearest: as many wrong names would take their product in time. */
const MOST_COMPARED = 500

/** The error about an unknown module, with the nearest known one. */
export function noSuchModule(module: string, known: ReadonlySet<string>, at: string): RcError {
  const similar = known.size > MOST_COMPARED ? undefined : nearest(module, known)
  return { tag: 'no_such_module', module, at, ...(similar === undefined ? {} : { nearest: similar }) }
}

function checkLoads(before: readonly Step<Checked>[], after: readonly Step<Checked>[]): RcError[] {
  const objectCode = new Set(
    before.flatMap(({ instruction }) => (instruction.op === 'load_object_code' ? instruction.modules : [])),
  )
  return after.flatMap(({ instruction, at }): RcError[] =>
    instruction.op === 'load' && !objectCode.has(instruction.module)
      ? [{ tag: 'no_object_code', module: instruction.module, at }]
      : [],
  )
}

function checkSuspends(after: readonly Step<Checked>[]): RcError[] {
  const errors: RcError[] = []
  const everSuspended = new Set<string>()
  const suspended = new Map<string, string>()
  const resumed = new Map<string, string>()
  for (const { instruction, at } of after) {
    if (instruction.op === 'suspend') {
      for (const { module } of instruction.modules) {
        everSuspended.add(module)
        suspended.set(module, at)
      }
    } else if (instruction.op === 'resume') {
      for (const module of instruction.modules) {
        if (!everSuspended.has(module) && !resumed.has(module)) resumed.set(module, at)
        suspended.delete(module)
      }
    } else if (instruction.op === 'code_change') {
      const wrong = instruction.modules.map(({ module }) => module).filter((module) => !suspended.has(module))
      if (wrong.length > 0) errors.push({ tag: 'code_change_not_suspended', modules: wrong, at })
    }
  }
  return [...byPlace('resumed_not_suspended', resumed), ...errors, ...byPlace('suspended_not_resumed', suspended)]
}

function checkStops(after: readonly Step<Checked>[]): RcError[] {
  const placesOf = (op: 'stop' | 'start') =>
    new Map(
      after.flatMap(({ instruction, at }) =>
        instruction.op === op ? modulesOf(instruction).map((module) => [module, at] as const) : [],
      ),
    )
  const [stopped, started] = [placesOf('stop'), placesOf('start')]
  const without = (one: ReadonlyMap<string, string>, another: ReadonlyMap<string, string>) =>
    new Map([...one].filter(([module]) => !another.has(module)))
  return [
    ...byPlace('start_not_stop', without(started, stopped)),
    ...byPlace('stop_not_start', without(stopped, started)),
  ]
}

const modulesOf = (instruction: LowLevelInstruction & { op: 'stop' | 'start' }): readonly string[] =>
  instruction.modules

/** One error for all modules, at the place of the first. */
function byPlace(
  tag: 'resumed_not_suspended' | 'suspended_not_resumed' | 'start_not_stop' | 'stop_not_start',
  modules: ReadonlyMap<string, string>,
): RcError[] {
  const [at] = modules.values()
  return at === undefined ? [] : [{ tag, modules: [...modules.keys()], at }]
}
