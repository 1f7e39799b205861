/**
 * Application instructions in terms of modules and calls: add, remove, restart.
 *
 * OTP: `translate_application_instrs/3` of systools_rc.erl.
 *
 * Departure: an included application is loaded where OTP starts it, since its supervisors belong to the including
 * one. A new application without modules has object code of no module, which tells where its files are. An application
 * that is added or removed by itself cannot be so again by an appup.
 */
import type { LoadObjectCode, LowLevelInstruction, StartType } from '../../../schemas/types.js'
import type { Checked, FullLoadModule, ModuleLevel, Step } from './systools_instruction.js'
import type { RcError } from './systools_rc_error.js'
import type { Application, ResolvedRelease } from './systools_types.js'

/** Both ends of an upgrade or downgrade. */
export interface Ends {
  readonly from: ResolvedRelease
  readonly to: ResolvedRelease
}

export interface TranslatedApplications {
  readonly steps: readonly Step<ModuleLevel>[]
  /** Object code of no module, one for each new application without any. */
  readonly objectCode: readonly LoadObjectCode[]
  readonly errors: readonly RcError[]
}

export function translateApplications(after: readonly Step<Checked>[], { from, to }: Ends): TranslatedApplications {
  const steps: Step<ModuleLevel>[] = []
  const objectCode: LoadObjectCode[] = []
  const errors: RcError[] = []
  const included = new Set(to.sorted.flatMap((app) => app.includes))
  const seen = { add_application: new Set<string>(), remove_application: new Set<string>() }
  for (const step of after) {
    const { instruction, at } = step
    const emit = (instructions: readonly ModuleLevel[], ofRestart?: true) => {
      for (const one of instructions)
        steps.push({ instruction: one, op: step.op, at, ...(ofRestart === undefined ? {} : { ofRestart }) })
    }
    if (
      instruction.op !== 'add_application' &&
      instruction.op !== 'remove_application' &&
      instruction.op !== 'restart_application'
    ) {
      steps.push({ ...step, instruction })
      continue
    }
    const { application } = instruction
    const [old, next] = [from.byName.get(application), to.byName.get(application)]
    if (instruction.op !== 'restart_application') {
      if (seen[instruction.op].has(application))
        errors.push({ tag: 'application_twice', application, op: instruction.op, at })
      seen[instruction.op].add(application)
    }
    switch (instruction.op) {
      case 'add_application':
        if (next === undefined) {
          errors.push({ tag: 'no_such_application', application, at })
        } else {
          if (old === undefined && next.modules.length === 0)
            objectCode.push({ op: 'load_object_code', application, vsn: next.vsn, modules: [] })
          emit([...loadModules(next), ...startCalls(next, instruction.type, included)])
        }
        break
      case 'remove_application':
        if (next !== undefined) errors.push({ tag: 'removed_application_present', application, at })
        else if (old === undefined) errors.push({ tag: 'no_such_application', application, at })
        else emit([...stopAndRemove(old), call('unload', [application])])
        break
      case 'restart_application':
        if (next === undefined || old === undefined) {
          errors.push({ tag: 'no_such_application', application, at })
        } else {
          emit(stopAndRemove(old))
          emit(loadModules(next), true)
          emit(startCalls(next, next.type, included))
        }
    }
  }
  return { steps, objectCode, errors }
}

const loadModules = (app: Application): FullLoadModule[] =>
  app.modules.map((module) => ({
    op: 'load_module',
    module: `${app.name}/${module}`,
    pre_purge: 'brutal_purge',
    post_purge: 'brutal_purge',
    mod_deps: [],
  }))

function stopAndRemove(app: Application): LowLevelInstruction[] {
  const modules = app.modules.map((module) => `${app.name}/${module}`)
  return [
    call('stop', [app.name]),
    ...modules.map(
      (module): LowLevelInstruction => ({
        op: 'remove',
        module,
        pre_purge: 'brutal_purge',
        post_purge: 'brutal_purge',
      }),
    ),
    { op: 'purge', modules },
  ]
}

function startCalls({ name }: Application, type: StartType, included: ReadonlySet<string>): LowLevelInstruction[] {
  if (type === 'none') return []
  return type === 'load' || included.has(name) ? [call('load', [name])] : [call('start', [name, type])]
}

const call = (fun: string, args: readonly unknown[]): LowLevelInstruction => ({
  op: 'apply',
  mfa: ['kernel/application', fun, args],
})
