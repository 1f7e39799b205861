/**
 * Whether an outcome agrees with a conformance case, as the vectors' README has it: warnings and errors in any order and
 * more than OTP's, and any order that dependencies allow where a block's order is open.
 */
import { isDeepStrictEqual } from 'node:util'
import type { BootScript } from '../../../schemas/types.js'
import { type Case, errorTerm, type OpenBlock, run, type Term, warningTerm } from './conformance_case.js'

/** @returns what disagrees, or nothing. */
export function disagreement(test: Case): string | undefined {
  const outcome = run(test)
  const { expected } = test
  if (!outcome.ok) {
    const got = outcome.error.map(errorTerm)
    if (expected.errors.length === 0) return `refused: ${JSON.stringify(got)}`
    if (got.length === 0) return 'refused without an error'
    if (test.form === true) return undefined
    return missing(expected.errors, got)
  }
  if (expected.errors.length > 0) return `accepted, expected ${JSON.stringify(expected.errors)}`
  const lackingWarning = missing(expected.warnings ?? [], outcome.warnings.map(warningTerm))
  if (lackingWarning !== undefined) return lackingWarning
  if (outcome.script !== undefined) return scriptDisagreement(test, outcome.script)
  return relupDisagreement(test, outcome.relup)
}

/** The first expected term that was not got; each got one counts once. */
function missing(expected: readonly Term[], got: readonly Term[]): string | undefined {
  const left = [...got]
  for (const term of expected) {
    const at = left.findIndex((candidate) => agrees(term, candidate))
    if (at < 0) return `expected ${JSON.stringify(term)}, got ${JSON.stringify(got)}`
    left.splice(at, 1)
  }
  return undefined
}

function agrees(expected: Term, got: Term): boolean {
  // OTP gave no proper answer: any refusal will do.
  if (expected.name === 'otp_crashes' || expected.name === 'otp_hangs') return true
  if (expected.name !== got.name) return false
  if (expected.name === 'warnings_treated_as_errors') {
    const [warnings, gotWarnings] = [expected.args[0], got.args[0]] as [Term[], Term[]] // by the form of this term
    return missing(warnings, gotWarnings) === undefined
  }
  const sorted = (args: readonly unknown[]) =>
    args.map((arg) => (Array.isArray(arg) ? arg.map((item) => JSON.stringify(item)).sort() : arg))
  return isDeepStrictEqual(sorted(expected.args), sorted(got.args))
}

function scriptDisagreement({ expected, apps }: Case, script: BootScript): string | undefined {
  const { instructions } = script
  const dirName = (dir: string) => dir.replace('$ROOT/lib/', '').replace(/\/ebin$/, '')
  const paths = instructions.flatMap((i) => (i.op === 'path' ? [i.dirs.map(dirName)] : []))
  const calls = (fun: string) => instructions.flatMap((i) => (i.op === 'apply' && i.mfa[1] === fun ? [i.mfa[2]] : []))
  const kernel = instructions.flatMap((i) => (i.op === 'kernelProcess' ? i.mfa[2] : []))
  const resources = [...kernel, ...calls('load').flat()] as Readonly<Record<string, unknown>>[] // as generateScript makes them
  const loads = instructions.flatMap((i) => (i.op === 'primLoad' ? [i.modules] : [])).slice(1)
  const sorted = paths.slice(1, -1).map(([dir = '']) => dir)
  const modules = Object.fromEntries(
    sorted.flatMap((dir, i) => {
      const app = apps.find(({ name, vsn }) => `${name}-${vsn}` === dir)
      const name = String(app?.name)
      return ['kernel', 'stdlib', 'sasl'].includes(name) ? [] : [[name, loads[i]] as const]
    }),
  )
  const parts = [
    ['path_dirs_order', expected.path_dirs_order, paths.at(-1)],
    ['load_order', expected.load_order, calls('load').map(([resource]) => (resource as { name: string }).name)],
    ['start', expected.start, calls('startBoot')],
    ['modules_by_app', expected.modules_by_app, modules],
  ] as const
  for (const [what, want, got] of parts) {
    if (!isDeepStrictEqual(want, got)) return `${what}: expected ${JSON.stringify(want)}, got ${JSON.stringify(got)}`
  }
  for (const resource of resources) {
    const app = apps.find(({ name, vsn }) => name === resource.name && vsn === resource.vsn)
    for (const key of ['applications', 'optional_applications', 'included_applications', 'modules', 'registered']) {
      const plain = (app?.[key] ?? []) as readonly (string | { readonly name: string })[] // by the form of app.json
      const want =
        expected.resources?.[String(resource.name)]?.[key] ??
        plain.map((one) => (typeof one === 'string' ? one : one.name))
      if (!isDeepStrictEqual(want, resource[key])) {
        return `${resource.name}.${key}: expected ${JSON.stringify(want)}, got ${JSON.stringify(resource[key])}`
      }
    }
    for (const key of ['mod', 'env', 'id', 'description', 'start_phases', 'maxT']) {
      if (app?.[key] !== undefined && !isDeepStrictEqual(app[key], resource[key]))
        return `${resource.name}.${key} differs`
    }
  }
  return undefined
}

interface Entry {
  readonly instructions: readonly Readonly<Record<string, unknown>>[]
}

type RelupLike = Readonly<Record<'up' | 'down', readonly Entry[]>> & { readonly vsn: string }

function relupDisagreement({ expected }: Case, got: unknown): string | undefined {
  if (isDeepStrictEqual(expected.relup, got)) return undefined
  const difference = () => `expected ${JSON.stringify(expected.relup)}, got ${JSON.stringify(got)}`
  if (expected.open_order === undefined) return difference()
  const [want, have] = [expected.relup, got] as [RelupLike, RelupLike] // both are relups
  for (const mode of ['up', 'down'] as const) {
    if (want[mode].length !== have[mode].length) return difference()
    for (const [i, entry] of want[mode].entries()) {
      const other = have[mode][i]
      if (other === undefined) return difference()
      const blocks = expected.open_order[mode][i] ?? []
      for (const block of blocks)
        if (!isOrderAllowed(entry, other, block, mode)) return `block at ${block.at}: ${difference()}`
      if (!isDeepStrictEqual(withoutOrder(entry, blocks), withoutOrder(other, blocks))) return difference()
    }
  }
  return want.vsn === have.vsn ? undefined : difference()
}

/** An entry with the order of its open blocks, and of their modules in object code, taken out. */
function withoutOrder({ instructions, ...rest }: Entry, blocks: readonly OpenBlock[]): unknown {
  const open = new Set(blocks.flatMap(({ parts }) => parts.flat()))
  const sortModules = (value: unknown) =>
    Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value
  const normal = instructions.map((instruction, i) => {
    const isInBlock = blocks.some(({ at, count }) => i >= at && i < at + count)
    const isOpenCode =
      instruction.op === 'load_object_code' &&
      Array.isArray(instruction.modules) &&
      instruction.modules.some((m) => open.has(m))
    return isInBlock || isOpenCode ? { ...instruction, modules: sortModules(instruction.modules) } : instruction
  })
  for (const { at, count } of blocks) {
    const block = normal
      .slice(at, at + count)
      .map((item) => JSON.stringify(item))
      .sort()
    normal.splice(at, count, ...block.map((item) => ({ item })))
  }
  return { ...rest, instructions: normal }
}

/** One order of parts that every list of the block follows, and that its edges allow. */
function isOrderAllowed(want: Entry, got: Entry, block: OpenBlock, mode: 'up' | 'down'): boolean {
  const slice = got.instructions.slice(block.at, block.at + block.count)
  const members = new Set(block.parts.flat())
  const names = (value: unknown): string[] =>
    (Array.isArray(value) ? value : []).map((one) =>
      typeof one === 'string' ? one : (one as { module: string }).module,
    )
  const loads = slice.flatMap(({ op, module }) =>
    (op === 'load' || op === 'remove') && typeof module === 'string' ? [module] : [],
  )
  const order = mode === 'up' ? loads.toReversed() : loads
  const at = new Map(order.map((module, i) => [module, i]))
  const follows = (list: readonly string[]) =>
    list.every((module, i) => i === 0 || (at.get(list[i - 1] ?? '') ?? 0) < (at.get(module) ?? 0))
  const shape = (entry: Entry) =>
    entry.instructions
      .slice(block.at, block.at + block.count)
      .map(({ op }) => op)
      .filter((op) => op !== 'load' && op !== 'remove' && op !== 'purge')
  const objectCode = got.instructions.flatMap(({ op, modules }) =>
    op === 'load_object_code' ? names(modules).filter((m) => members.has(m)) : [],
  )
  return (
    isDeepStrictEqual(shape(want), shape(got)) &&
    block.edges.every(
      ([m, d]) =>
        block.parts.some((part) => part.includes(m) && part.includes(d)) || (at.get(m) ?? 0) < (at.get(d) ?? 0),
    ) &&
    block.parts.every((part) =>
      part.every((module, i) => i === 0 || at.get(module) === (at.get(part[i - 1] ?? '') ?? 0) + 1),
    ) &&
    follows(objectCode) &&
    slice.every(({ op, modules }) => {
      if (op === 'suspend' || op === 'code_change') return follows(names(modules))
      return op === 'resume' ? follows(names(modules).reverse()) : true
    })
  )
}
