/**
 * The scheduler: hands messages to processes, one message at a time, a budget of messages for each turn of Node's
 * event loop, so that timers and sockets are served however many messages wait.
 *
 * A turn begins as a microtask after the first message and ends when nothing is left or the budget is spent; the rest
 * goes on in a macrotask. Work done without the queue (a call served directly, a receive that finds its message) is
 * charged to the same budget through `charge`. OTP: reductions and run queues in erts `erl_process.c`.
 */
import { nowMs } from './clock.js'
import { KIND, type Kind } from './mailbox.js'
import { currentVersion } from './modules.js'
import { enter, type Process, type Waiter } from './proc.js'

/** Messages a turn may handle before the event loop is served. */
const BUDGET = 10_000
/** Milliseconds a turn may last, looked at every 16 messages. */
const SLICE_MS = 5
/** Messages one process may handle before the next one's turn. */
const PER_PROCESS = 200

let spent = 0
let turnStartMs = nowMs()
let exhausted = false
let wakeUp: 'none' | 'microtask' | 'macrotask' = 'none'
let draining = false

/** Processes with something to do, oldest first: a ring, since `Array.shift` costs with the length. */
let queue: (Process | null)[] = new Array<Process | null>(1024).fill(null)
let queueHead = 0
let queueCount = 0
/** Continuations put off to the next turn, and how many of them a turn runs at most. */
let deferred: (() => void)[] = []
const DEFERRED_PER_TURN = 2000

let crash: (proc: Process, thrown: unknown) => void = () => {}

/** Says what to do with a process whose code throws: the signals' part. */
export function setCrash(handler: (proc: Process, thrown: unknown) => void): void {
  crash = handler
}

/** Charges one unit of work to this turn. @returns false when the budget is spent: put the work off. */
export function charge(): boolean {
  if (exhausted) return false
  if ((++spent & 15) === 0 && (spent >= BUDGET || nowMs() - turnStartMs > SLICE_MS)) {
    exhausted = true
    nextTurn()
    return false
  }
  return true
}

/** Runs a continuation now if the budget allows, else in the next turn. */
export function soon(continuation: () => void): void {
  if (charge()) continuation()
  else deferred.push(continuation)
}

/** Puts a message into a mailbox and wakes the process. To a dead one: nothing. */
export function deliver(proc: Process, kind: Kind, payload: unknown): void {
  if (proc.dead) return
  const waiter = proc.extra?.waiter
  if (waiter != null && wake(proc, waiter, kind, payload)) return
  proc.push(kind, payload)
  const { loop } = proc
  if (proc.busy || proc.scheduled || loop === null) return
  // What it passes over for now needs no turn: it will look again when it has changed its mind.
  if (loop.accepts === undefined || loop.accepts(kind, payload)) schedule(proc)
}

/** What a process that receives by itself sees of a message. */
export function visible(kind: Kind, payload: unknown): unknown {
  if (kind === KIND.info) return payload
  if (kind === KIND.cast) return ['$gen_cast', payload]
  if (kind === KIND.continue) return ['$gen_continue', payload]
  // Payloads of calls and system messages carry their request.
  const { request } = payload as { request: unknown }
  return kind === KIND.call ? ['$gen_call', payload, request] : ['system', payload, request]
}

function wake(proc: Process, waiter: Waiter, kind: Kind, payload: unknown): boolean {
  const message = visible(kind, payload)
  if (!waiter.matches(message)) return false
  proc.more().waiter = null
  soon(() => waiter.resume(message))
  return true
}

/** Puts a process into the run queue. */
export function schedule(proc: Process): void {
  proc.scheduled = true
  if (queueCount === queue.length) growQueue()
  queue[(queueHead + queueCount++) & (queue.length - 1)] = proc
  if (draining || wakeUp !== 'none') return
  wakeUp = 'microtask'
  queueMicrotask(drain)
}

function growQueue(): void {
  const next: (Process | null)[] = []
  for (let i = 0; i < queueCount; i++) next.push(queue[(queueHead + i) & (queue.length - 1)] ?? null)
  while (next.length < queueCount * 2) next.push(null)
  queue = next
  queueHead = 0
}

/**
 * A new macrotask: the budget is whole again. First the run queue, which may spend it all, then the continuations that
 * were put off, which run in any case: so neither can keep the other from its turn.
 */
function turn(): void {
  spent = 0
  exhausted = false
  turnStartMs = nowMs()
  wakeUp = 'none'
  const late = deferred
  deferred = late.length > DEFERRED_PER_TURN ? late.splice(DEFERRED_PER_TURN) : []
  drain()
  for (let i = 0; i < late.length; i++) late[i]?.()
  if (deferred.length > 0) nextTurn()
}

function nextTurn(): void {
  if (wakeUp === 'macrotask') return
  wakeUp = 'macrotask'
  setImmediate(turn)
}

function drain(): void {
  if (wakeUp === 'microtask') wakeUp = 'none'
  draining = true
  try {
    while (queueCount > 0 && !exhausted) {
      const proc = queue[queueHead]
      queue[queueHead] = null
      queueHead = (queueHead + 1) & (queue.length - 1)
      queueCount--
      if (proc == null) continue
      proc.scheduled = false
      if (!proc.dead && !proc.busy) enter(proc, activate)
    }
  } finally {
    draining = false
    if (queueCount > 0) nextTurn()
  }
}

/** Lets a process handle messages until it has none, has had its share, awaits something, or ends. */
function activate(proc: Process): void {
  for (let left = PER_PROCESS; left > 0 && proc.count > 0; left--) {
    const { loop } = proc
    if (loop === null) return
    let at = 0
    if (loop.accepts !== undefined) {
      while (at < proc.count && !loop.accepts(proc.kindAt(at), proc.payloadAt(at))) at++
      if (at === proc.count) return
    }
    const kind = at === 0 ? proc.firstKind() : proc.kindAt(at)
    const payload = at === 0 ? proc.shift() : proc.removeAt(at)
    dispatch(proc, loop, kind, payload)
    const more = charge()
    if (proc.dead || proc.busy) return
    if (!more) break
  }
  if (proc.count > 0 && !proc.scheduled) schedule(proc)
}

/** Hands one message to a loop, in the context of its process. Afterwards the process is idle, busy or dead. */
export function dispatch(
  proc: Process,
  loop: { handle(kind: Kind, payload: unknown): undefined | PromiseLike<void> },
  kind: Kind,
  payload: unknown,
): void {
  proc.busy = true
  proc.reductions++
  let pending: undefined | PromiseLike<void>
  try {
    pending = loop.handle(kind, payload)
  } catch (thrown) {
    crash(proc, thrown)
    return
  }
  if (pending === undefined) proc.busy = false
  else occupy(proc, pending)
}

/** The process is busy until a promise settles; its module's version counts as running meanwhile. */
export function occupy(proc: Process, pending: PromiseLike<unknown>): void {
  const module = proc.loop?.code
  if (module !== undefined) proc.running = { module, token: currentVersion(module) }
  pending.then(
    () => soon(() => release(proc)),
    (thrown: unknown) => crash(proc, thrown),
  )
}

/** User code has returned: the next message may come. */
export function release(proc: Process): void {
  if (proc.dead) return
  proc.busy = false
  proc.running = null
  if (proc.count > 0 && !proc.scheduled && proc.loop !== null) schedule(proc)
}
