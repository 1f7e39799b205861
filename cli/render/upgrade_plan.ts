/**
 * The plan of an upgrade for people: the verdict, each application and module with what happens to it, what changes
 * around them, and what a failure could not take back. The words of `plan` and `upgrade --dry-run`.
 */
import type {
  ApplicationChange,
  LiveCounts,
  ModuleChange,
  PackageChange,
  ParameterChange,
  PlannedProvider,
  UpgradePlan,
  Verdict,
} from '../../runtime/sasl/src/upgrade_plan_types.js'
import { count } from './steps.js'
import { padEnd, type Style, width } from './style.js'

/** The whole plan. */
export function planLines(plan: UpgradePlan, style: Style): string[] {
  // The new release is booted whole: of the relup only calls are carried out.
  const reboots = plan.verdict.kind === 'needs_restart'
  return [
    `${style.bold(`${plan.name} ${plan.from} -> ${plan.to}`)}   ${verdictText(plan.verdict, style)}`,
    ...reasons(plan.verdict).map((reason) => `  ${reason}`),
    ...plan.applications.flatMap((one) => (reboots ? bootedLine(one, style) : applicationLines(one, plan.live, style))),
    ...labelled(
      'config',
      [...plan.config.map((one) => parameterText(one, reboots)), ...plan.providers.map(providerText)],
      style,
    ),
    ...labelled(
      'npm',
      plan.packages.map((one) => packageText(reboots ? { ...one, reloaded: [], kept: [] } : one)),
      style,
    ),
    ...labelled('runtime', runtimeTexts(plan), style),
    ...labelled(
      'checks',
      callsOf(plan, 'check').map(({ call }) => `${call} (first; an error ends it here)`),
      style,
    ),
    ...labelled(
      'calls',
      callsOf(plan, 'upgrade')
        .filter(({ undone }) => undone)
        .map(({ call }) => call),
      style,
    ),
    ...labelled(
      'no undo',
      callsOf(plan, 'upgrade')
        .filter(({ undone }) => !undone)
        .map(({ call }) => `${call} (a failure after it cannot take it back)`),
      style,
    ),
  ]
}

const callsOf = ({ calls }: UpgradePlan, when: 'check' | 'upgrade') => calls.filter((one) => one.when === when)

function verdictText(verdict: Verdict, { green, yellow, red }: Style): string {
  switch (verdict.kind) {
    case 'hot':
      return green('hot upgrade, nothing restarts')
    case 'restarts':
      return yellow(`hot upgrade, with restarts of ${verdict.what.join(', ')}`)
    case 'needs_restart':
      return yellow('restarts the node: states are new')
    case 'refused':
      return red('a node will refuse it')
  }
}

function reasons(verdict: Verdict): readonly string[] {
  switch (verdict.kind) {
    case 'hot':
    case 'restarts':
      return []
    case 'needs_restart':
      return verdict.because.map((reason) => `because ${reason}`)
    case 'refused':
      return verdict.because
  }
}

function bootedLine({ application, change, from, to }: ApplicationChange, style: Style): string[] {
  const versions = change === 'added' ? to : change === 'removed' ? from : `${from} -> ${to}`
  const what = { added: '   added application', removed: '   removed application', changed: '', restarted: '' }[change]
  return [`  ${style.bold(`${application} ${versions}${what}`)}`]
}

function applicationLines(
  { application, change, from, to, type, modules }: ApplicationChange,
  live: LiveCounts | null,
  style: Style,
): string[] {
  const head = (text: string) => `  ${style.bold(text)}`
  switch (change) {
    case 'added':
      return [
        head(`${application} ${to}   added application, ${started(type)}, ${count(modules.length, 'new module')}`),
      ]
    case 'removed':
      return [head(`${application} ${from}   removed application, stopped first`)]
    case 'restarted':
    case 'changed': {
      const versions = from === to ? `${application} ${from}` : `${application} ${from} -> ${to}`
      const says =
        change === 'restarted' ? '   restarted application: its processes and their states end, and start anew' : ''
      // Of one that is restarted all modules are loaded: only those that differ say something.
      const shown = change === 'restarted' ? modules.filter((one) => !('same' in one && one.same)) : modules
      const columns = Math.max(13, ...shown.map(({ id }) => width(nameOf(id)) + 1))
      const lines = shown.map((one) => `    ${padEnd(nameOf(one.id), columns)} ${moduleText(one, live)}`)
      const none = change === 'changed' && shown.length === 0 ? ['    no module is touched'] : []
      return [head(`${versions}${says}`), ...lines, ...none]
    }
  }
}

const started = (type: string | null): string =>
  type === 'load' ? 'loaded, not started' : type === 'none' ? 'neither loaded nor started' : 'started'

const nameOf = (id: string): string => id.slice(id.indexOf('/') + 1)

function moduleText(module: ModuleChange, live: LiveCounts | null): string {
  const same = 'same' in module && module.same ? ', its code is the same' : ''
  switch (module.change) {
    case 'update':
      return `update, ${module.migrated ? 'state converted by code_change' : 'its processes stand still meanwhile'}${same}${processes(module.id, live)}`
    case 'supervisor':
      return `supervisor update${childrenText(module)}${processes(module.id, live)}`
    case 'load':
      return `load_module${same}${processes(module.id, live)}`
    case 'new':
      return 'new module'
    case 'removed':
      return `removed module${processes(module.id, live)}`
    case 'suspended':
      return `its processes stand still meanwhile${processes(module.id, live)}`
    case 'restart':
      return `its processes are stopped and started again, their states end${processes(module.id, live)}`
    case 'left_out':
      return 'differs, but no instruction loads it: name it in appup.json'
  }
}

function childrenText({ starts, stops, restarts }: Extract<ModuleChange, { change: 'supervisor' }>): string {
  const part = (verb: string, children: readonly string[]): string[] =>
    children.length === 0 ? [] : [`${verb} ${children.map((child) => `"${child}"`).join(', ')}`]
  const child = (list: readonly string[]): string => (list.length === 1 ? 'child' : 'children')
  const parts = [
    ...part(`starts ${child(starts)}`, starts),
    ...part(`stops ${child(stops)}`, stops),
    ...part(`restarts ${child(restarts)}`, restarts),
  ]
  return `: ${parts.length === 0 ? 'starts children that init names anew, stops those it names no longer' : parts.join(', ')}`
}

function processes(id: string, live: LiveCounts | null): string {
  const amount = live?.processes[id]
  if (live === null || amount === undefined || amount === 0) return ''
  return ` (${count(amount, 'process', 'processes')} on node ${live.node})`
}

function parameterText(
  { application, key, change, old, new: next, told, readers }: ParameterChange,
  reboots: boolean,
): string {
  const value = (one: unknown): string => JSON.stringify(one)
  const name = `${application}.${key}`
  const what = {
    changed: `${name}  ${value(old)} -> ${value(next)}`,
    added: `${name}  new, ${value(next)}`,
    removed: `${name}  removed, was ${value(old)}`,
  }[change]
  if (reboots) return what
  const reads = readers.length === 0 ? '' : `; read by ${readers.map(nameIn(application)).join(', ')}`
  const tells = told ? 'config_change is called' : 'no configChange: what was read at a start stays'
  return `${what} (${tells}${reads})`
}

function providerText({ provider, change }: PlannedProvider): string {
  const unknown = 'is not known before'
  return {
    same: `${provider} is asked again: what it gives then ${unknown}`,
    added: `${provider}, a new provider, is asked: what it gives ${unknown}`,
    removed: `${provider} is asked no more: what it gave is gone`,
  }[change]
}

/** Modules of the application by their names, others by their ids. */
const nameIn = (application: string) => (id: string) => (id.startsWith(`${application}/`) ? nameOf(id) : id)

function packageText({ application, name, old, new: next, reloaded, kept }: PackageChange): string {
  const versions =
    old === null ? `${name} ${next}, new` : next === null ? `${name} ${old}, gone` : `${name} ${old} -> ${next}`
  const who = (verb: string, ids: readonly string[]): string[] =>
    ids.length === 0 ? [] : [`${verb} ${ids.map(nameIn(application)).join(', ')}`]
  const parts = [...who('reloads', reloaded), ...(old === null ? [] : who(`the old one stays in`, kept))]
  return `${application}: ${versions}${parts.length === 0 ? '' : ` (${parts.join('; ')})`}`
}

function runtimeTexts({ runtime: { node, erts, restart } }: UpgradePlan): readonly string[] {
  const until = restart === null ? ', in force after the next restart' : ''
  const when = restart === 'before' ? 'the node restarts first' : 'the node restarts at the end'
  return [
    ...(node === null ? [] : [`node ${node.from} -> ${node.to}${until}`]),
    ...(erts === null ? [] : [`erts.js of kernel ${erts.from} -> ${erts.to}${until}`]),
    ...(restart === null ? [] : [when]),
  ]
}

/** The label on the first line, the rest below it. */
function labelled(label: string, texts: readonly string[], style: Style): string[] {
  return texts.map((text, index) => `  ${style.dim(padEnd(index === 0 ? label : '', 8))} ${text}`)
}
