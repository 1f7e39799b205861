/**
 * Starting a behaviour's process: register, initialise, tell the starter, go on. The starter waits until the
 * initialisation is over; one that needs no await runs at once, on the starter's stack. OTP: `gen:start/6`,
 * `proc_lib:start_link/5`, `init_it`.
 */

import { ErlangError, Exit, exitReason, Stack } from '../../erts/exit.js'
import { isFenced } from '../../erts/fence.js'
import { currentVersion, type ModuleRef } from '../../erts/modules.js'
import {
  context,
  current,
  type Loop,
  members,
  NO_ANCESTORS,
  Process,
  type Wait,
  withMember,
  withoutMember,
} from '../../erts/proc.js'
import type { Timeout } from '../../erts/receive.js'
import { charge, occupy, release, schedule, soon } from '../../erts/scheduler.js'
import { connect, demonitor, disconnect, end, endItself, exitPid, monitor } from '../../erts/signal.js'
import { isThenable } from '../../erts/spawn.js'
import type { Pid, Ref } from '../../erts/term.js'
import { arm, Deadline, disarm } from '../../erts/timer.js'
import type { ServerName } from './gen_call.js'
import { refusedName, registeredAs, releaseName } from './gen_name.js'

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
  /** Accepted for compatibility; `monitor` among them is `badarg`. */
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
  if (parent === null) return NO_ANCESTORS
  const extra = parent.more()
  extra.childAncestors ??= [parent.name ?? parent.pid, ...parent.ancestors]
  return extra.childAncestors
}

/** A start monitors in its own way. */
const isMonitor = (option: unknown): boolean =>
  option === 'monitor' || (Array.isArray(option) && option[0] === 'monitor')

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
  if (options.spawn_opt?.some(isMonitor) === true) throw new ErlangError('badarg')
  const starter = current()
  if (isFenced(starter, 'start')) return new Promise(() => {})
  if (relation === 'monitor' && starter === null) throw new ErlangError('not_a_process')
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
  const refused = name === undefined ? undefined : refusedName(name, proc)
  if (refused !== undefined) {
    // Another was quicker between the look-up and here, or it is no name; nobody must hear of this process.
    if (linked) disconnect(starter, proc)
    end(proc, 'normal')
    return told(starter, ref, ['error', refused])
  }
  const outcome = context.run(proc, attempt, proc, parent, name, initialise)
  if (!isThenable(outcome)) return told(starter, ref, settle(proc, name, ref, outcome))
  // Meanwhile it runs the callback module's code.
  proc.running = { module: initialCall[0], token: currentVersion(initialCall[0]) }
  return new Start(proc, starter, linked, name, ref)
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
  // It has ended itself: what it was thrown says why, if it let that through.
  if (proc.dead) return 'result' in outcome ? outcome.result : ['error', 'killed']
  if ('result' in outcome) {
    releaseName(proc, name)
    endItself(proc, outcome.reason)
    return outcome.result
  }
  proc.loop = outcome.loop
  proc.running = null
  const { first } = outcome
  if (first === undefined) {
    proc.busy = false
    if (proc.count > 0) schedule(proc)
  } else queueMicrotask(() => context.run(proc, afterwards, proc, first))
  return ref === undefined ? ['ok', proc.pid] : ['ok', [proc.pid, ref]]
}

/** The starter's promise. A monitor of a start that failed leaves no message. */
function told(starter: Process | null, ref: Ref | undefined, result: Result): Promise<Result> {
  if (starter?.dead === true) return new Promise(() => {})
  if (ref !== undefined && starter !== null && (result === 'ignore' || result[0] === 'error')) {
    context.run(starter, demonitor, ref, { flush: true })
  }
  // Who starts one process after another must not hold up the event loop.
  return charge() ? Promise.resolve(result) : new Promise((resolve) => soon(() => tell(starter, result, resolve)))
}

function tell(starter: Process | null, result: Result, resolve: (result: Result) => void): void {
  if (starter?.dead !== true) resolve(result)
}

/** What a starter waits with for a process to be ready. Firing it is what its time-out does: the process is killed. */
export abstract class StartWait extends Deadline implements Wait {
  abstract giveUp(): void
}

/** Lets the starts that a process waits for time out now, whatever their limit. */
export function timeOutStarts(starter: Process): void {
  for (const wait of members(starter.waits)) if (wait instanceof StartWait) wait.fire()
}

/** A start whose initialisation has to be awaited: it may take too long, and the process may end meanwhile. */
class Start extends StartWait {
  readonly #proc: Process
  readonly #starter: Process | null
  readonly #linked: boolean
  readonly #name: ServerName | undefined
  readonly #ref: Ref | undefined
  #resolve: (result: Result) => void = () => {}

  constructor(
    proc: Process,
    starter: Process | null,
    linked: boolean,
    name: ServerName | undefined,
    ref: Ref | undefined,
  ) {
    super()
    this.#proc = proc
    this.#starter = starter
    this.#linked = linked
    this.#name = name
    this.#ref = ref
  }

  until(outcome: PromiseLike<InitOutcome>, limit: Timeout): Promise<Result> {
    const extra = this.#proc.more()
    extra.atEnd ??= new Set()
    extra.atEnd.add(this.#ended)
    if (this.#starter !== null) this.#starter.waits = withMember(this.#starter.waits, this)
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
  readonly #ended = (reason: unknown): void => {
    this.#stopWaiting()
    this.#resolve(['error', reason])
  }

  /** Init takes too long. */
  fire(): void {
    this.#stopWaiting()
    if (this.#linked && this.#starter !== null) disconnect(this.#starter, this.#proc)
    this.#resolve(['error', 'timeout'])
    exitPid(this.#proc.pid, 'kill')
  }

  /** The starter has ended: nobody minds any more how long it takes. */
  giveUp(): void {
    disarm(this)
  }

  #stopWaiting(): void {
    disarm(this)
    if (this.#starter !== null) this.#starter.waits = withoutMember<Wait>(this.#starter.waits, this)
  }

  #finish(outcome: InitOutcome): void {
    this.#stopWaiting()
    if (this.#proc.dead) return
    this.#proc.extra?.atEnd?.delete(this.#ended)
    // What follows, an unregistration or a report, is done by the new process, not by its starter.
    this.#resolve(context.run(this.#proc, settle, this.#proc, this.#name, this.#ref, outcome))
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
  else occupy(proc, pending)
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
