/**
 * Releases and relups in few words, so that a test is a table of them.
 *
 * Releases: `a(b,c?)[d]` is an application that uses b and, optionally, c, and includes d. Relups: `LOC(a-2:[m1]) | PONR |
 * load m1`, where modules go without their application and purges of load only where they are not both brutal.
 */
import { makeRelup, makeScript, type SystoolsError, type World } from '../../../runtime/sasl/src/systools.js'
import type { LowLevelInstruction, Relup } from '../../../schemas/types.js'

export interface AppOptions {
  readonly vsn?: string
  readonly type?: string
  readonly modules?: readonly string[]
}

/** An application and its entry in the release. */
export function app(text: string, { vsn = '1', type, modules = [] }: AppOptions = {}) {
  const match = /^([a-z0-9_]+)(?:\((.*?)\))?(?:\[(.*?)\])?$/.exec(text)
  if (match === null) throw new Error(`not an application: ${text}`)
  const list = (part: string | undefined) => (part ?? '').split(',').filter((name) => name !== '')
  const [name = '', uses, includes] = [match[1], list(match[2]), list(match[3])]
  const plain = uses.map((use) => use.replace('?', ''))
  const optional = uses.filter((use) => use.endsWith('?')).map((use) => use.slice(0, -1))
  return {
    resource: {
      name,
      vsn,
      modules,
      applications: plain,
      optional_applications: optional,
      included_applications: includes,
    },
    entry: type === undefined ? { name, vsn } : { name, vsn, type },
  }
}

export type App = ReturnType<typeof app>

/** kernel, stdlib and sasl, as they stand at the start of every release. */
export const base: readonly App[] = [app('kernel'), app('stdlib(kernel)'), app('sasl(kernel,stdlib)')]

export const rel = (apps: readonly App[], vsn = '1', erts = '20.0.0') => ({
  name: 'shop',
  vsn,
  erts,
  applications: apps.map(({ entry }) => entry),
})

export const world = (apps: readonly App[], rest: Omit<World, 'apps'> = {}): World => ({
  apps: apps.map(({ resource }) => ({ name: resource.name, app: resource })),
  ...rest,
})

/** Load and start order of applications after the base, or the errors. */
export function order(apps: readonly App[]): { load: string; start: string } | { errors: readonly SystoolsError[] } {
  const all = [...base, ...apps]
  const result = makeScript(rel(all), world(all))
  if (!result.ok) return { errors: result.error }
  const isBase = (name: string) => base.some(({ entry }) => entry.name === name)
  const calls = (fun: string) =>
    result.value.script.instructions.flatMap((i) => (i.op === 'apply' && i.mfa[1] === fun ? [i.mfa[2]] : []))
  const paths = result.value.script.instructions.flatMap((i) => (i.op === 'path' ? [i.dirs] : [])).at(-1) ?? []
  const names = (list: readonly string[]) => list.filter((name) => !isBase(name)).join(' ')
  return {
    load: names(paths.map((dir) => dir.replace(/^.*\/(.*)-1\/ebin$/, '$1'))),
    start: names(calls('startBoot').map(([name]) => String(name))),
  }
}

/** One way of upgrading: applications before and after, and the appups of those after. */
export interface Upgrade {
  readonly from: readonly App[]
  readonly to: readonly App[]
  /** Instructions by application; both ways the same unless `down` has others. */
  readonly up?: Readonly<Record<string, readonly unknown[]>>
  readonly down?: Readonly<Record<string, readonly unknown[]>>
  readonly erts?: readonly [from: string, to: string]
}

export function upgrade({ from, to, up = {}, down = up, erts = ['20.0.0', '20.0.0'] }: Upgrade) {
  const appups = Object.fromEntries(
    to.map(({ resource: { name, vsn } }) => [
      `${name}-${vsn}`,
      {
        appup: {
          vsn,
          up: [{ from: '1', instructions: up[name] ?? [] }],
          down: [{ to: '1', instructions: down[name] ?? [] }],
        },
      },
    ]),
  )
  const [older, newer] = [rel([...base, ...from], '1', erts[0]), rel([...base, ...to], '2', erts[1])]
  return makeRelup(
    { top: newer, upFrom: [{ rel: older }], downTo: [{ rel: older }] },
    world([...base, ...from, ...to], { appups }),
  )
}

/** The two scripts of a relup with one base. */
export const scripts = (relup: Relup) => ({
  up: write(relup.up[0]?.instructions),
  down: write(relup.down[0]?.instructions),
})

const write = (instructions: readonly LowLevelInstruction[] = []) => instructions.map(shorthand).join(' | ')

const bare = (module: string) => module.replace(/^[^/]*\//, '')
const list = (modules: readonly string[]) => `[${modules.map(bare).join(',')}]`

function shorthand(instruction: LowLevelInstruction): string {
  switch (instruction.op) {
    case 'load_object_code':
      return `LOC(${instruction.application}-${instruction.vsn}:${list(instruction.modules)})`
    case 'point_of_no_return':
      return 'PONR'
    case 'load':
    case 'remove': {
      const short = (purge: string) => purge.replace('_purge', '')
      const [pre, post] = [short(instruction.pre_purge), short(instruction.post_purge)]
      return `${instruction.op} ${bare(instruction.module)}${pre === 'brutal' && post === 'brutal' ? '' : ` (${pre},${post})`}`
    }
    case 'suspend': {
      const entries = instruction.modules.map(({ module, timeout }) =>
        timeout === undefined ? bare(module) : `{${bare(module)},${timeout}}`,
      )
      return `suspend [${entries.join(',')}]`
    }
    case 'code_change':
      return `code_change ${instruction.mode} [${instruction.modules.map(({ module, extra }) => `{${bare(module)},${JSON.stringify(extra)}}`).join(',')}]`
    case 'purge':
    case 'resume':
    case 'stop':
    case 'start':
      return `${instruction.op} ${list(instruction.modules)}`
    case 'apply':
      return `apply ${bare(instruction.mfa[0])}:${instruction.mfa[1]}(${instruction.mfa[2].join(',')})`
    case 'sync_nodes':
    case 'restart_new_emulator':
    case 'restart_emulator':
      return instruction.op
  }
}
