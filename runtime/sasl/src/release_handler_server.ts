/**
 * The release handler: the process that knows which releases this node has, which one runs and which one boots, and
 * that changes one into another. Registered as `release_handler`, below sasl_sup.
 *
 * A long operation runs in a process of its own, so that questions are answered meanwhile; a second operation is
 * refused as `busy`, but for checks, which wait and are waited for. OTP: sasl's release_handler.erl, the callbacks;
 * release reference 8.
 */
import { join } from 'node:path'
import type { Result } from '../../../schemas/result.js'
import { reboot } from '../../erts/init.js'
import {
  format,
  isAlive,
  monitor,
  type Pid,
  type Ref,
  receive,
  self,
  sendAfter,
  spawnMonitor,
} from '../../erts/process.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import type { HistoryEntry } from './history.js'
import type { HandlerState, OperationContext, Outcome } from './operation_state.js'
import { purgeUnused } from './operations_install.js'
import type { ReleaseError } from './release_error.js'
import { NAME, type Request } from './release_handler_calls.js'
import { memory, remember } from './release_handler_memory.js'
import { type HandlerOptions, openHandler, thisNode } from './release_handler_start.js'
import { describe, type Operation, perform } from './release_operations.js'

/** How often old code is looked at that was still in use, in ms. OTP's. */
const PURGE_MS = 10_000

type Refusal = Result<never, ReleaseError>

interface State {
  readonly handler: HandlerState
  /** The operation under way. */
  readonly busy: Busy | undefined
  /** What comes next, in order: see {@link waits}. */
  readonly waiting: readonly Asked[]
}

/** An operation under way. */
interface Busy {
  readonly operation: Operation
  readonly ref: Ref
  readonly from: genServer.From
}

/** An operation that was asked for. */
interface Asked {
  readonly operation: Operation
  readonly context: OperationContext
  readonly from: genServer.From
}

/** Opens the releases of this node; `ignore` in a program that runs without a release. */
export async function init(options: HandlerOptions | undefined): Promise<genServer.Init<State>> {
  const node = options ?? (await thisNode())
  if (node === undefined) return 'ignore'
  try {
    const { operation } = memory()
    if (operation !== undefined && isAlive(operation)) await ended(operation)
    const handler = await openHandler(node, (history) =>
      genServer.cast(NAME, { type: 'tried', history } satisfies Tried),
    )
    remember(handler)
    if (handler.unpurged.size > 0) sendAfter(PURGE_MS, self(), 'purge')
    return ['ok', { handler, busy: undefined, waiting: [] }]
  } catch (failure) {
    return ['stop', ['releases', join(node.root, 'releases'), failure]]
  }
}

/** Waits for the end of an operation that a handler before this one began. */
async function ended(operation: Pid): Promise<void> {
  const ref = monitor(operation)
  await receive((message) => isDown(message) && message[1] === ref)
}

/** Answers questions at once; starts operations. */
export const handleCall: genServer.HandleCall<Request, State> = (request, from, state) => {
  switch (request.type) {
    case 'releases':
      return ['reply', state.handler.releases, state]
    case 'history':
      return ['reply', state.handler.history, state]
    case 'operate': {
      const refused = (doing: string): genServer.CallReturn<State> => {
        const error: ReleaseError = { tag: 'busy', doing }
        return ['reply', { ok: false, error } satisfies Refusal, state]
      }
      const { trial } = memory()
      if (trial !== undefined) return refused(`restart into ${trial}`)
      const asked: Asked = { operation: request.operation, context: request.context, from }
      if (state.busy === undefined) return ['noreply', begin(asked, state)]
      const inTheWay = waits(asked.operation, state)
      return inTheWay === undefined
        ? ['noreply', { ...state, waiting: [...state.waiting, asked] }]
        : refused(describe(inTheWay))
    }
  }
}

/** A check changes nothing: it waits for its turn, and others wait for it. Of the others there is one at a time. */
function waits(operation: Operation, { busy, waiting }: State): Operation | undefined {
  if (operation.type === 'check') return undefined
  return [...(busy === undefined ? [] : [busy]), ...waiting]
    .map((one) => one.operation)
    .find(({ type }) => type !== 'check')
}

function begin({ operation, context, from }: Asked, state: State): State {
  const server = self()
  const { handler } = state
  const [pid, ref] = spawnMonitor(async () => {
    const outcome = await perform(handler, operation, context)
    if (outcome.state !== undefined) remember(outcome.state)
    genServer.cast(server, { type: 'done', outcome } satisfies Done)
  })
  memory().operation = pid
  return { ...state, busy: { operation, ref, from } }
}

/** The next operation, when the one under way is over. */
function next(state: State): State {
  const [asked, ...waiting] = state.waiting
  const free = { ...state, busy: undefined, waiting }
  return asked === undefined ? free : begin(asked, free)
}

interface Done {
  readonly type: 'done'
  readonly outcome: Outcome<unknown>
}

/** The trial of a release is over. */
interface Tried {
  readonly type: 'tried'
  readonly history: readonly HistoryEntry[]
}

/** An operation is over, or a trial. */
export const handleCast: genServer.HandleCast<Done | Tried, State> = (event, state) => {
  if (event.type === 'tried') {
    const handler = { ...state.handler, history: event.history }
    remember(handler)
    return ['noreply', { ...state, handler }]
  }
  const { outcome } = event
  if (state.busy !== undefined) genServer.reply(state.busy.from, outcome.answer)
  // The answer is on its way: applications end one after the other, the control socket among the last.
  if (outcome.reboot === true) reboot()
  const handler = outcome.state ?? state.handler
  if (handler.unpurged.size > 0 && state.handler.unpurged.size === 0) sendAfter(PURGE_MS, self(), 'purge')
  return ['noreply', next({ ...state, handler })]
}

/** The end of an operation's process before it was done, and the time to look at old code. */
export const handleInfo: genServer.HandleInfo<State> = (message, state) => {
  if (message === 'purge') {
    const unpurged = state.busy === undefined ? purgeUnused(state.handler) : state.handler.unpurged
    if (unpurged.size > 0) sendAfter(PURGE_MS, self(), 'purge')
    const handler = { ...state.handler, unpurged }
    if (state.busy === undefined) remember(handler)
    return ['noreply', { ...state, handler }]
  }
  const { busy } = state
  if (busy === undefined || !isDown(message) || message[1] !== busy.ref) return ['noreply', state]
  const error: ReleaseError = { tag: 'crashed', doing: describe(busy.operation), why: format(message[4]) }
  genServer.reply(busy.from, { ok: false, error } satisfies Refusal)
  return ['noreply', next(state)]
}

const isDown = (message: unknown): message is readonly ['DOWN', Ref, 'process', Pid, unknown] =>
  Array.isArray(message) && message[0] === 'DOWN'
