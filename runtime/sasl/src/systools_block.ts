/**
 * Groups of module instructions as low-level blocks, each where the first of its members stood.
 *
 * Upgrading: suspend, load what is depended on first, change states, resume. Downgrading: suspend, change the states
 * of dynamic ones (by the newer code), load dependants first, change those of static ones, resume.
 * OTP: `translate_dependent_instrs/4` of systools_rc.erl.
 *
 * Departure: a delete_module is refused when the version left does not have the module, or the one gone to still has
 * it. Modules that a restarted application loads form no group: OTP may load such a one before the application is
 * stopped, and then removes it for good.
 */
import type { LoadObjectCode, LowLevelInstruction } from '../../../schemas/types.js'
import type { Ends } from './systools_applications.js'
import { noSuchModule } from './systools_balance.js'
import { dependencyGroups } from './systools_groups.js'
import {
  type FullUpdate,
  isModuleInstruction,
  type ModuleInstruction,
  type ModuleLevel,
  type Step,
} from './systools_instruction.js'
import type { RcError } from './systools_rc_error.js'

export interface TranslatedGroups {
  readonly instructions: readonly LowLevelInstruction[]
  /** Object code of each module that is loaded, in the order of dependency. */
  readonly objectCode: readonly LoadObjectCode[]
  readonly errors: readonly RcError[]
}

type ModuleStep = Step<ModuleInstruction>

export function translateGroups(
  steps: readonly Step<ModuleLevel>[],
  mode: 'up' | 'down',
  ends: Ends,
): TranslatedGroups {
  const members = steps.filter((step): step is ModuleStep => isModuleInstruction(step.instruction))
  const { deps, errors } = resolveDeps(members)
  const listed = { from: modulesOf(ends, 'from'), to: modulesOf(ends, 'to') }
  /** The group that begins with an instruction. */
  const groupAt = new Map<Step<ModuleLevel> | undefined, readonly ModuleStep[]>()
  for (const group of dependencyGroups(deps))
    groupAt.set(
      members[group.reduce((a, b) => Math.min(a, b), members.length)],
      group.flatMap((i) => members[i] ?? []),
    )

  const instructions: LowLevelInstruction[] = []
  const objectCode: LoadObjectCode[] = []
  for (const step of steps) {
    const { instruction } = step
    if (!isModuleInstruction(instruction)) {
      instructions.push(instruction)
      continue
    }
    const group = groupAt.get(step)
    if (group === undefined) continue
    for (const one of group.flatMap((member) => checkListed(member, listed))) errors.push(one)
    for (const one of group.flatMap(({ instruction: member }) => loadObjectCode(member, ends))) objectCode.push(one)
    const block = group.map((member) => member.instruction)
    for (const one of mode === 'up' ? upBlock(block) : downBlock(block)) instructions.push(one)
  }
  return { instructions, objectCode, errors }
}

/** For each instruction the indices of those it depends on; a dependency without an instruction is an error. */
function resolveDeps(members: readonly ModuleStep[]): { deps: number[][]; errors: RcError[] } {
  const errors: RcError[] = []
  const byModule = new Map<string, number>()
  for (const [i, { instruction, at }] of members.entries()) {
    const first = byModule.get(instruction.module)
    if (first === undefined) byModule.set(instruction.module, i)
    else errors.push({ tag: 'muldef_module', module: instruction.module, first: members[first]?.at ?? '', at })
  }
  const deps = members.map(({ instruction, at }) =>
    instruction.mod_deps.flatMap((module) => {
      const index = byModule.get(module)
      if (index === undefined) errors.push({ tag: 'undef_module', module, by: instruction.module, at })
      return index === undefined || members[index]?.ofRestart === true ? [] : [index]
    }),
  )
  return { deps, errors }
}

type Listed = Readonly<Record<'from' | 'to', ReadonlyMap<string, ReadonlySet<string>>>>

const modulesOf = (ends: Ends, end: 'from' | 'to'): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(ends[end].sorted.map((app) => [app.name, new Set(app.modules.map((module) => `${app.name}/${module}`))]))

/** Whether the version left has what is deleted, and the one gone to has what is loaded. */
function checkListed({ instruction: { op, module }, at }: ModuleStep, { from, to }: Listed): RcError[] {
  const application = applicationOf(module)
  const [old, next] = [from.get(application) ?? new Set<string>(), to.get(application) ?? new Set<string>()]
  if (op !== 'delete_module') return next.has(module) ? [] : [noSuchModule(module, next, at)]
  if (next.has(module)) return [{ tag: 'module_present', module, at }]
  return old.has(module) ? [] : [noSuchModule(module, old, at)]
}

/** Module names may hold slashes, application names never do. */
const applicationOf = (module: string): string => module.slice(0, module.indexOf('/'))

function loadObjectCode({ op, module }: ModuleInstruction, { to }: Ends): LoadObjectCode[] {
  const app = to.byName.get(applicationOf(module))
  return op === 'delete_module' || app === undefined
    ? []
    : [{ op: 'load_object_code', application: app.name, vsn: app.vsn, modules: [module] }]
}

function upBlock(block: readonly ModuleInstruction[]): LowLevelInstruction[] {
  const updates = block.filter(isUpdate)
  return [
    ...suspend(updates),
    ...block.toReversed().flatMap(loadOrRemove),
    ...codeChange('up', updates),
    ...resume(updates),
  ]
}

function downBlock(block: readonly ModuleInstruction[]): LowLevelInstruction[] {
  const updates = block.filter(isUpdate)
  return [
    ...suspend(updates),
    ...codeChange(
      'down',
      updates.filter(({ type }) => type === 'dynamic'),
    ),
    ...block.flatMap(loadOrRemove),
    ...codeChange(
      'down',
      updates.filter(({ type }) => type === 'static'),
    ),
    ...resume(updates),
  ]
}

const isUpdate = (instruction: ModuleInstruction): instruction is FullUpdate => instruction.op === 'update'

function loadOrRemove(instruction: ModuleInstruction): LowLevelInstruction[] {
  const { op, module } = instruction
  if (op !== 'delete_module')
    return [{ op: 'load', module, pre_purge: instruction.pre_purge, post_purge: instruction.post_purge }]
  return [
    { op: 'remove', module, pre_purge: 'brutal_purge', post_purge: 'brutal_purge' },
    { op: 'purge', modules: [module] },
  ]
}

function suspend(updates: readonly FullUpdate[]): LowLevelInstruction[] {
  if (updates.length === 0) return []
  return [
    {
      op: 'suspend',
      modules: updates.map(({ module, timeout }) => (timeout === 'default' ? { module } : { module, timeout })),
    },
  ]
}

function codeChange(mode: 'up' | 'down', updates: readonly FullUpdate[]): LowLevelInstruction[] {
  const modules = updates.flatMap(({ module, change }) =>
    change === 'soft' ? [] : [{ module, extra: change.advanced }],
  )
  return modules.length === 0 ? [] : [{ op: 'code_change', mode, modules }]
}

const resume = (updates: readonly FullUpdate[]): LowLevelInstruction[] =>
  updates.length === 0 ? [] : [{ op: 'resume', modules: updates.map(({ module }) => module).reverse() }]
