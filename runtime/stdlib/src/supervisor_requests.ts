/**
 * What clients can ask of a supervisor, and the answers.
 *
 * OTP: the clauses of `handle_call/3` in stdlib's supervisor.erl.
 */
import { error } from '../../erts/exit.js'
import type { ModuleRef } from '../../erts/modules.js'
import { isAlive, Pid } from '../../erts/process.js'
import { shutdownChild } from './child_shutdown.js'
import {
  type CheckedSpec,
  type ChildSpec,
  type ChildType,
  checkChildSpec,
  childSpecReason,
  shownModule,
} from './child_spec.js'
import { startedReply, startProcess } from './child_start.js'
import type { Child } from './supervisor_children.js'
import { startChildOf, stopChild, withArgs } from './supervisor_lifecycle.js'
import { reportError, reportProgress } from './supervisor_reports.js'
import type { SimpleState, StaticState, SupervisorState } from './supervisor_state.js'

/** A request as it travels. */
export type SupervisorRequest =
  | 'which_children'
  | 'count_children'
  | readonly ['start_child', unknown]
  | readonly ['terminate_child' | 'restart_child' | 'delete_child' | 'get_childspec', id: unknown]

/** A child as `whichChildren` shows it. */
export type ChildInfo = readonly [
  id: unknown,
  pid: Pid | undefined | 'restarting',
  type: ChildType,
  modules: readonly ModuleRef[] | 'dynamic',
]

/** What `countChildren` gives, in this order. */
export type Counts = readonly [
  readonly ['specs', number],
  readonly ['active', number],
  readonly ['supervisors', number],
  readonly ['workers', number],
]

/** Carries a request out. @returns what the client is answered */
export function answerRequest(request: SupervisorRequest, state: SupervisorState): unknown {
  const answers = state.kind === 'simple' ? simpleAnswer(request, state) : staticAnswer(request, state)
  return answers
}

// ---- children with ids

function staticAnswer(request: SupervisorRequest, state: StaticState): unknown {
  if (request === 'which_children') return whichStatic(state)
  if (request === 'count_children') return countStatic(state)
  if (request[0] === 'start_child') return addChild(state, request[1])
  const child = state.children.find(request[1])
  if (child === undefined) return ['error', 'not_found']
  switch (request[0]) {
    case 'terminate_child':
      return terminate(state, child)
    case 'restart_child':
      return stillThere(child) ?? startChildOf(state, child)
    case 'delete_child':
      return stillThere(child) ?? forget(state, child)
    case 'get_childspec':
      return ['ok', shownSpec(child.spec, child.argsForgotten)]
  }
}

/** A child that is to be started or forgotten must not run or be about to. */
function stillThere(child: Child): readonly ['error', string] | undefined {
  if (child.pid !== undefined) return ['error', 'running']
  return child.restarting ? ['error', 'restarting'] : undefined
}

function forget(state: StaticState, child: Child): 'ok' {
  state.children.remove(child)
  return 'ok'
}

async function terminate(state: StaticState, child: Child): Promise<'ok'> {
  await stopChild(state, child)
  state.children.stopped(child)
  return 'ok'
}

async function addChild(state: StaticState, given: unknown): Promise<unknown> {
  const checked = checkChildSpec(given, state.flags.auto_shutdown)
  if (!checked.ok) return ['error', childSpecReason(checked.error)]
  const spec = checked.value
  const present = state.children.find(spec.id)
  if (present?.pid !== undefined) return ['error', ['already_started', present.pid]]
  if (present !== undefined) return ['error', 'already_present']
  const started = await startProcess(spec.start)
  if (!started.ok) return ['error', [started.reason, { pid: undefined, ...spec }]]
  const temporary = spec.restart === 'temporary'
  if (started.pid !== undefined) reportProgress(state.name, spec, started.pid)
  // The arguments of a child that is never restarted would only be kept from being collected.
  if (started.pid !== undefined || !temporary)
    state.children.add(temporary ? withArgs(spec, []) : spec, started.pid, temporary)
  return startedReply(started)
}

function whichStatic(state: StaticState): ChildInfo[] {
  return state.children
    .inStartOrder()
    .reverse()
    .map(({ spec, pid, restarting }) => [spec.id, restarting ? 'restarting' : pid, spec.type, shownModules(spec)])
}

function countStatic(state: StaticState): Counts {
  const children = state.children.inStartOrder()
  const active = children.filter(({ pid }) => pid !== undefined && isAlive(pid)).length
  const supervisors = children.filter(({ spec }) => spec.type === 'supervisor').length
  return counts(children.length, active, supervisors, children.length - supervisors)
}

// ---- children of simple_one_for_one

function simpleAnswer(request: SupervisorRequest, state: SimpleState): unknown {
  const { running, restarting, template } = state.children
  if (request === 'which_children') return whichSimple(state)
  if (request === 'count_children') {
    const all = running.size + restarting.size
    const supervisors = template.type === 'supervisor'
    return counts(1, running.size, supervisors ? all : 0, supervisors ? 0 : all)
  }
  switch (request[0]) {
    case 'start_child':
      return addSimple(state, request[1])
    case 'terminate_child':
      return request[1] instanceof Pid ? terminateSimple(state, request[1]) : ['error', 'simple_one_for_one']
    case 'restart_child':
    case 'delete_child':
      return ['error', 'simple_one_for_one']
    case 'get_childspec': {
      const id = request[1]
      const known = id instanceof Pid ? running.has(id) || restarting.has(id) : id === template.id
      return known ? ['ok', shownSpec(template, false)] : ['error', 'not_found']
    }
  }
}

async function addSimple(state: SimpleState, extra: unknown): Promise<unknown> {
  const { running, template } = state.children
  if (!Array.isArray(extra)) error('badarg')
  const args = [...template.start[2], ...extra]
  const started = await startProcess([template.start[0], template.start[1], args])
  if (!started.ok) return ['error', started.reason]
  if (started.pid !== undefined) running.set(started.pid, template.restart === 'temporary' ? undefined : args)
  return startedReply(started)
}

async function terminateSimple(state: SimpleState, pid: Pid): Promise<unknown> {
  const { running, restarting, template } = state.children
  if (restarting.delete(pid)) return 'ok'
  if (!running.has(pid)) return isAlive(pid) ? ['error', 'not_found'] : 'ok'
  const outcome = await shutdownChild(pid, template)
  if (!outcome.ok) reportError(state.name, 'shutdown_error', outcome.reason, template, { pid })
  running.delete(pid)
  return 'ok'
}

function whichSimple(state: SimpleState): ChildInfo[] {
  const { running, restarting, template } = state.children
  const modules = shownModules(template)
  const living = [...running.keys()].reverse()
  return [
    ...[...restarting.keys()].map((): ChildInfo => [undefined, 'restarting', template.type, modules]),
    ...living.map((pid): ChildInfo => [undefined, pid, template.type, modules]),
  ]
}

// ---- how they are shown

const counts = (specs: number, active: number, supervisors: number, workers: number): Counts => [
  ['specs', specs],
  ['active', active],
  ['supervisors', supervisors],
  ['workers', workers],
]

const shownModules = (spec: CheckedSpec) => (spec.modules === 'dynamic' ? spec.modules : spec.modules.map(shownModule))

function shownSpec(spec: CheckedSpec, argsForgotten: boolean): ChildSpec | object {
  const [module, fun, args] = spec.start
  const start = [shownModule(module), fun, argsForgotten ? undefined : args]
  return { ...spec, start, modules: shownModules(spec) }
}
