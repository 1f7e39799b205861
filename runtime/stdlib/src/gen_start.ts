/**
 * Starting a behaviour's process: register, initialise, tell the starter, go on. The starter waits until the
 * initialisation is over; one that needs no await runs at once, on the starter's stack. OTP: `gen:start/6`,
 * `proc_lib:start_link/5`, `init_it`.
 */
import { Exit, exitReason, Stack } from '../../erts/exit.js'
import type { ModuleRef } from '../../erts/modules.js'
import { context, current, type Loop, Process } from '../../erts/proc.js'
import type { Timeout } from '../../erts/receive.js'
import { register, registerGlobal, unregister, unregisterGlobal } from '../../erts/registry.js'
import { release, schedule } from '../../erts/scheduler.js'
import { connect, demonitor, disconnect, end, endItself, exitPid, monitor } from '../../erts/signal.js'
import { isThenable } from '../../erts/spawn.js'
import type { Pid, Ref } from '../../erts/term.js'
import { arm, Deadline, disarm } from '../../erts/timer.js'
import { askRegistry, find, type ServerName } from './gen_call.js'

/** What starting a server gives. */
export type StartResult = ['ok', Pid] | ['error', unknown] | 'ignore'

/** What starting a monitored server gives. */
export type StartMonitorResult = ['ok', [Pid, Ref]] | ['error', unknown] | 'ignore'

/** Options of every start function. Unknown ones are ignored. */
export interface StartOptions {
  /** Milliseconds for init, `infinity` by default; then the process is killed: `['error', 'timeout']`. */
  readonly timeout?: Timeout
  /** Debug options of `sys`, none by default. */
  readonly debug?: readonly unknown[]
  /** Accepted for compatibility; a waiting process costs nothing here. */
  readonly hibernate_after?: Timeout
  /** Accepted for compatibility. */
  readonly spawn_opt?: readonly unknown[]
}

/** How the process relates to its starter. */
export type Relation = 'nolink' | 'link' | 'monitor'

/** What an initialisation has come to. */
export type InitOutcome =
  /** The process goes on with this loop; `first` runs first, before any message, when the starter has been told. */
  | { readonly loop: Loop; readonly first?: () => undefined | PromiseLike<void> }
  /** The process ends with `reason`; the starter is given `result`. */
  | { readonly result: ['error', unknown] | 'ignore'; readonly reason: unknown }

/** What is asked of a behaviour: run the callback's init in the new process. What it throws is what init threw. */
export type Initialise = (
  proc: Process,
  parent: Pid,
  name: ServerName | undefined,
) => InitOutcome | PromiseLike<InitOutcome>

/** The ancestors of a child of `parent`: its name or pid, then its own. */
export function childAncestors(parent: Process | null): readonly (Pid | string)[] {
  if (parent === null) return []
  const extra = parent.more()
  extra.childAncestors ??= [parent.name ?? parent.pid, ...parent.ancestors]
  return extra.childAncestors
}

/** The parent of the process: whose exit ends it. OTP: the starter, or the process itself for `start`. */
export function startProcess(
  relation: 'monitor',
  name: ServerName | undefined,
  initialCall: readonly [ModuleRef, string, number],
  initialise: Initialise,
  options: StartOptions,
): Promise<StartMonitorResult>
export function startProcess(
  relation: 'nolink' | 'link',
  name: ServerName | undefined,
  initialCall: readonly [ModuleRef, string, number],
  initialise: Initialise,
  options: StartOptions,
): Promise<StartResult>
export function startProcess(
  relation: Relation,
  name: ServerName | undefined,
  initialCall: readonly [ModuleRef, string, number],
  initialise: Initialise,
  options: StartOptions,
): Promise<StartResult | StartMonitorResult> {
  const starter = current()
  if (starter?.dead === true) return new Promise(() => {})
  if (name !== undefined) {
    const taken = registeredAs(name)
    if (taken !== undefined) return Promise.resolve(['error', ['already_started', taken]])
  }
  const proc = new Process(starter, childAncestors(starter))
  proc.procLib = true
  proc.initialCall = initialCall
  // Outside any process there is nobody to link with or to tell of the end.
  const linked = relation === 'link' && starter !== null
  if (linked) connect(starter, proc)
  const ref = relation === 'monitor' && starter !== null ? monitor(proc.pid) : undefined
  const parent = relation === 'nolink' || starter === null ? proc.pid : starter.pid
  proc.busy = true
  const owner = name === undefined ? undefined : takeName(name, proc.pid)
  if (owner !== undefined) {
    // Another was quicker between the look-up and here; nobody must hear of this process.
    if (linked) disconnect(starter, proc)
    end(proc, 'normal')
    return told(starter, ref, ['error', ['already_started', owner]])
  }
  const outcome = context.run(proc, attempt, proc, parent, name, initialise)
  if (!isThenable(outcome)) return told(starter, ref, settle(proc, name, ref, outcome))
  return new Start(proc, linked ? starter : null, name, ref)
    .until(outcome, options.timeout ?? 'infinity')
    .then((result) => told(starter, ref, result))
}

function attempt(
  proc: Process,
  parent: Pid,
  name: ServerName | undefined,
  initialise: Initialise,
): InitOutcome | PromiseLike<InitOutcome> {
  try {
    return initialise(proc, parent, name)
  } catch (thrown) {
    return failedInit(thrown)
  }
}

type Result = StartResult | StartMonitorResult

/** What a finished initialisation makes of the process, and what its starter is to be told. */
function settle(proc: Process, name: ServerName | undefined, ref: Ref | undefined, outcome: InitOutcome): Result {
  if (proc.dead) return ['error', 'killed']
  if ('result' in outcome) {
    releaseName(proc, name)
    endItself(proc, outcome.reason)
    return outcome.result
  }
  proc.loop = outcome.loop
  const { first } = outcome
  if (first === undefined) {
    proc.busy = false
    if (proc.count > 0) schedule(proc)
  } else queueMicrotask(() => context.run(proc, afterwards, proc, first))
  return ref === undefined ? ['ok', proc.pid] : ['ok', [proc.pid, ref]]
}

function releaseName(proc: Process, name: ServerName | undefined): void {
  if (name === undefined) return
  if ('local' in name) {
    if (proc.name === name.local) unregister(name.local)
  } else if ('global' in name) unregisterGlobal(name.global)
  else askRegistry(name.via, 'unregisterName', name.name)
}

/** The starter's promise. A monitor of a start that failed leaves no message. */
function told(starter: Process | null, ref: Ref | undefined, result: Result): Promise<Result> {
  if (starter?.dead === true) return new Promise(() => {})
  if (ref !== undefined && starter !== null && (result === 'ignore' || result[0] === 'error')) {
    context.run(starter, demonitor, ref, { flush: true })
  }
  return Promise.resolve(result)
}

/** A start whose initialisation has to be awaited: it may take too long, and the process may end meanwhile. */
class Start extends Deadline {
  readonly #proc: Process
  /** The starter, when it is linked. */
  readonly #linked: Process | null
  readonly #name: ServerName | undefined
  readonly #ref: Ref | undefined
  #resolve: (result: Result) => void = () => {}

  constructor(proc: Process, linked: Process | null, name: ServerName | undefined, ref: Ref | undefined) {
    super()
    this.#proc = proc
    this.#linked = linked
    this.#name = name
    this.#ref = ref
  }

  until(outcome: PromiseLike<InitOutcome>, limit: Timeout): Promise<Result> {
    const extra = this.#proc.more()
    extra.atEnd ??= new Set()
    extra.atEnd.add(this.#ended)
    if (limit !== 'infinity') arm(this, limit)
    outcome.then(
      (value) => this.#finish(value),
      (thrown: unknown) => this.#finish(failedInit(thrown)),
    )
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** The first call counts: promises settle once. */
  readonly #ended = (reason: unknown): void => this.#resolve(['error', reason])

  /** Init takes too long. */
  fire(): void {
    if (this.#linked !== null) disconnect(this.#linked, this.#proc)
    this.#resolve(['error', 'timeout'])
    exitPid(this.#proc.pid, 'kill')
  }

  #finish(outcome: InitOutcome): void {
    disarm(this)
    if (this.#proc.dead) return
    this.#proc.extra?.atEnd?.delete(this.#ended)
    this.#resolve(settle(this.#proc, this.#name, this.#ref, outcome))
  }
}

function afterwards(proc: Process, first: () => undefined | PromiseLike<void>): void {
  if (proc.dead) return
  let pending: undefined | PromiseLike<void>
  try {
    pending = first()
  } catch (thrown) {
    endItself(proc, exitReason(thrown))
    return
  }
  if (pending === undefined) release(proc)
  else
    pending.then(
      () => release(proc),
      (thrown: unknown) => endItself(proc, exitReason(thrown)),
    )
}

/** An init that threw: `exit(R)` and errors fail the start with their reason. */
function failedInit(thrown: unknown): InitOutcome {
  const reason = thrown instanceof Exit ? thrown.reason : exitReason(thrown)
  return { result: ['error', reason], reason }
}

/** Reason of a thrown value with its stack, as behaviours put it into reports. */
export function reasonOf(thrown: unknown): unknown {
  return thrown instanceof Error ? exitReason(thrown) : [['nocatch', thrown], new Stack(undefined)]
}

function registeredAs(name: ServerName): Pid | undefined {
  const found = find('local' in name ? name.local : name)
  return found === null || 'nodedown' in found || found.dead ? undefined : found.pid
}

/** Registers; @returns the owner when the name is taken. */
function takeName(name: ServerName, pid: Pid): Pid | undefined {
  if ('local' in name) {
    const owner = registeredAs(name)
    if (owner === undefined) register(name.local, pid)
    return owner
  }
  if ('global' in name) return registerGlobal(name.global, pid) === 'yes' ? undefined : registeredAs(name)
  return askRegistry(name.via, 'registerName', name.name, pid) === 'yes' ? undefined : (registeredAs(name) ?? pid)
}
