/**
 * What a supervisor does when a child has ended.
 *
 * OTP: `restart_child/3`, `do_restart/3`, `restart/3` and `do_auto_shutdown/2` in stdlib's supervisor.erl.
 *
 * A child that cannot be started again is tried again without delay, but each time through a message of the supervisor
 * to itself, so that requests get in between; every try counts as a restart, and so the intensity ends it.
 */
import { clock } from '../../erts/clock.js'
import { isNormalish } from '../../erts/exit.js'
import { self } from '../../erts/process.js'
import { isThenable } from '../../erts/spawn.js'
import type { Pid } from '../../erts/term.js'
import type { Restart } from './child_spec.js'
import { type Started, startProcess } from './child_start.js'
import * as gen from './gen_server.js'
import { addRestart } from './restart_intensity.js'
import type { Child } from './supervisor_children.js'
import { nowRuns, startChildren, stopChildren, withArgs } from './supervisor_lifecycle.js'
import { type Offender, reportError } from './supervisor_reports.js'
import type { SimpleState, StaticState, SupervisorState, Verdict } from './supervisor_state.js'

/** What follows from a child's end: start it again, or leave it stopped; and whether it is reported. */
export interface DeathDecision {
  readonly action: 'restart' | 'leave'
  readonly reported: boolean
}

/** The table of runtime reference 5.3: restart type against reason. */
export function decideOnDeath(restart: Restart, reason: unknown): DeathDecision {
  if (restart === 'permanent') return { action: 'restart', reported: true }
  if (isNormalish(reason)) return { action: 'leave', reported: false }
  return { action: restart === 'transient' ? 'restart' : 'leave', reported: true }
}

/** A linked process has ended. One that is no child is nothing to a supervisor. */
export function childEnded(state: SupervisorState, pid: Pid, reason: unknown): Promise<Verdict> | Verdict {
  if (state.kind === 'simple') return state.children.running.has(pid) ? simpleEnded(state, pid, reason) : 'go_on'
  const child = state.children.byPid.get(pid)
  return child === undefined ? 'go_on' : staticEnded(state, child, pid, reason)
}

/** A restart that failed is to be tried again, unless the child was dealt with otherwise meanwhile. */
export function tryAgain(state: SupervisorState, key: unknown): Promise<Verdict> | Verdict {
  if (state.kind === 'simple') {
    const pid = key as Pid // of a simple_one_for_one child the key is the pid it had
    return state.children.restarting.has(pid) ? restartSimple(state, pid) : 'go_on'
  }
  const child = state.children.find(key)
  return child?.restarting === true ? restartStatic(state, child, undefined) : 'go_on'
}

const retryLater = (key: unknown) => gen.cast(self(), ['try_again_restart', key])

/** Whether the limit allows one more restart now; if not, that is reported. */
function mayRestart(state: SupervisorState, spec: Child['spec'], offender: Offender): boolean {
  if (addRestart(state.flags, state.restarts, clock.monotonicMs()) === 'restart') return true
  reportError(state.name, 'shutdown', 'reached_max_restart_intensity', spec, offender)
  return false
}

// ---- children with ids

function staticEnded(state: StaticState, child: Child, pid: Pid, reason: unknown): Promise<Verdict> | Verdict {
  const { action, reported } = decideOnDeath(child.spec.restart, reason)
  if (reported) reportError(state.name, 'child_terminated', reason, child.spec, { pid })
  if (action === 'restart') return restartStatic(state, child, pid)
  state.children.stopped(child)
  if (!child.spec.significant) return 'go_on'
  return autoShutdown(state, () => state.children.anySignificantLeft())
}

async function restartStatic(state: StaticState, child: Child, pid: Pid | undefined): Promise<Verdict> {
  state.children.setPid(child, undefined)
  if (!mayRestart(state, child.spec, { pid })) return 'shutdown'
  const failed = await restartBy(state, child, pid)
  if (failed !== undefined) {
    state.children.retrying(failed)
    retryLater(failed.spec.id)
  }
  return 'go_on'
}

/** Applies the strategy. @returns the child that did not start */
function restartBy(
  state: StaticState,
  child: Child,
  pid: Pid | undefined,
): Child | undefined | PromiseLike<Child | undefined> {
  switch (state.flags.strategy) {
    case 'one_for_one':
    case 'simple_one_for_one': {
      const started = startProcess(child.spec.start)
      if (isThenable(started)) return started.then((outcome) => restarted(state, child, pid, outcome))
      return restarted(state, child, pid, started)
    }
    case 'rest_for_one':
      return restartGroup(state, state.children.from(child))
    case 'one_for_all':
      return restartGroup(state, state.children.inStartOrder())
  }
}

function restarted(state: StaticState, child: Child, pid: Pid | undefined, started: Started): Child | undefined {
  if (started.ok) {
    nowRuns(state, child, started.pid)
    return undefined
  }
  reportError(state.name, 'start_error', started.reason, child.spec, { pid })
  return child
}

/** Stops what runs of a group and starts all of it, but for temporary children, which are gone then. */
async function restartGroup(state: StaticState, group: readonly Child[]): Promise<Child | undefined> {
  await stopChildren(state, group)
  const left = group.filter(({ spec }) => spec.restart !== 'temporary')
  return (await startChildren(state, left))?.child
}

// ---- children of simple_one_for_one

function simpleEnded(state: SimpleState, pid: Pid, reason: unknown): Promise<Verdict> | Verdict {
  const { running, restarting, template } = state.children
  const { action, reported } = decideOnDeath(template.restart, reason)
  const args = running.get(pid)
  if (reported) {
    const spec = args === undefined ? template : withArgs(template, args)
    reportError(state.name, 'child_terminated', reason, spec, { pid })
  }
  running.delete(pid)
  if (action === 'restart') {
    restarting.set(pid, args ?? template.start[2])
    return restartSimple(state, pid)
  }
  return template.significant ? autoShutdown(state, () => running.size + restarting.size > 0) : 'go_on'
}

async function restartSimple(state: SimpleState, pid: Pid): Promise<Verdict> {
  const { running, restarting, template } = state.children
  const args = restarting.get(pid) ?? template.start[2]
  const spec = withArgs(template, args)
  if (!mayRestart(state, spec, { pid })) {
    restarting.delete(pid)
    return 'shutdown'
  }
  const started = await startProcess(spec.start)
  if (!started.ok) {
    reportError(state.name, 'start_error', started.reason, spec, { pid })
    retryLater(pid)
    return 'go_on'
  }
  restarting.delete(pid)
  if (started.pid !== undefined) running.set(started.pid, args)
  return 'go_on'
}

// ---- automatic shutdown

/** A significant child has ended for good. */
function autoShutdown(state: SupervisorState, significantLeft: () => boolean): Verdict {
  switch (state.flags.auto_shutdown) {
    case 'never':
      return 'go_on'
    case 'any_significant':
      return 'shutdown'
    case 'all_significant':
      return significantLeft() ? 'go_on' : 'shutdown'
  }
}
