/**
 * Starting and stopping the children of a supervisor, in order and with reports.
 *
 * OTP: `start_children/2`, `terminate_children/2` and `terminate_dynamic_children/1` in stdlib's supervisor.erl.
 */
import type { Pid } from '../../erts/term.js'
import { shutdownAll, shutdownChild } from './child_shutdown.js'
import type { CheckedSpec } from './child_spec.js'
import { startedReply, startProcess } from './child_start.js'
import type { Child } from './supervisor_children.js'
import { reportError, reportProgress } from './supervisor_reports.js'
import type { SimpleState, StaticState } from './supervisor_state.js'

/**
 * Starts a child that the supervisor has already. It is running afterwards, or stopped when its start function
 * answered `ignore`; when the start failed nothing has changed.
 *
 * @returns the answer for who asked: `['ok', pid]`, `['ok', pid, extra]`, `['error', reason]`
 */
export async function startChildOf(state: StaticState, child: Child): Promise<readonly unknown[]> {
  const started = await startProcess(child.spec.start)
  if (!started.ok) return ['error', started.reason]
  nowRuns(state, child, started.pid)
  return startedReply(started)
}

/** A child has been started, or was to be ignored. */
export function nowRuns(state: StaticState, child: Child, pid: Pid | undefined): void {
  state.children.setPid(child, pid)
  if (pid !== undefined) reportProgress(state.name, child.spec, pid)
}

/** The child that did not start, and why. */
export interface StartFailure {
  readonly child: Child
  readonly reason: unknown
}

/**
 * Starts children one after another. Stops at the first that fails, which is reported; those before it run.
 *
 * @param children in start order
 */
export async function startChildren(state: StaticState, children: readonly Child[]): Promise<StartFailure | undefined> {
  for (const child of children) {
    const answer = await startChildOf(state, child)
    if (answer[0] === 'error') {
      const reason = answer[1]
      reportError(state.name, 'start_error', reason, child.spec, { pid: undefined })
      return { child, reason }
    }
    if (child.pid === undefined && child.spec.restart === 'temporary') state.children.remove(child)
  }
  return undefined
}

/**
 * Shuts children down one after another, the one started last first. Temporary ones are forgotten.
 *
 * @param children in start order
 */
export async function stopChildren(state: StaticState, children: readonly Child[]): Promise<void> {
  for (let i = children.length - 1; i >= 0; i--) {
    const child = children[i]
    if (child === undefined) continue
    await stopChild(state, child)
    state.children.stopped(child)
  }
}

/** Shuts one child down, if it runs. */
export async function stopChild(state: StaticState, child: Child): Promise<void> {
  const { pid, spec } = child
  if (pid === undefined) return
  const outcome = await shutdownChild(pid, spec)
  if (!outcome.ok) reportError(state.name, 'shutdown_error', outcome.reason, spec, { pid })
}

/** Shuts all children of a simple_one_for_one supervisor down, in parallel. */
export async function stopSimpleChildren(state: SimpleState): Promise<void> {
  const { running, template } = state.children
  const failures = await shutdownAll(running.keys(), template)
  running.clear()
  for (const { reason, count } of failures) {
    reportError(state.name, 'shutdown_error', reason, template, { count })
  }
}

/** A specification with other start arguments. */
export const withArgs = (spec: CheckedSpec, args: readonly unknown[]): CheckedSpec => ({
  ...spec,
  start: [spec.start[0], spec.start[1], args],
})
