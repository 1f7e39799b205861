/** `stop`, `restart`, and waiting for a node to come up or go away. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import { type Failure, type Outcome, report } from '../../render/failure.js'
import { formatMs } from '../../render/steps.js'
import { textOf } from '../answer.js'
import { call, withNode } from '../ask.js'
import { type Client, connect } from '../client.js'
import { clientFailure } from '../client_error.js'
import {
  type Arguments,
  logDirOf,
  type NodeCommand,
  type NodeContext,
  number,
  runDirOf,
  type Target,
} from '../command.js'
import { askHooks } from '../hooks.js'
import { launcherPid } from '../launcher.js'
import { errorCode, isAlive, type NodeFile, readNodeFile, wrongUser } from '../node_file.js'
import { until } from '../until.js'

/** Time a node gets to stop or to start, in s. */
const WAIT_SECONDS = 60

/** Stops the node in order, applications first, and waits until its process has ended. */
export const stop: NodeCommand = async (args, context) => {
  const vetoed = await askHooks('pre_stop', context)
  if (!vetoed.ok) return vetoed
  const begunMs = performance.now()
  const seconds = number(args, 'wait') ?? WAIT_SECONDS
  const stopped = await withNode(context, async (client): Promise<Result<NodeFile, Failure>> => {
    const answer = await call(client, context, 'stop', {})
    // A node may end before its answer is out; that it ended is the answer.
    if (!answer.ok && answer.error.tag !== 'connection_lost') return answer
    const gone = await until(() => hasEnded(client, context), seconds, context.signal)
    return gone ? ok(client.node) : err(stillThere(client.node, seconds, context))
  })
  if (!stopped.ok) {
    // Between two starts there is no node to ask.
    const launcher = stopped.error.exit === 'not_running' ? launcherPid(context.target) : undefined
    return launcher === undefined ? stopped : stopLauncher(launcher, seconds, context)
  }
  const { name, vsn, pid } = stopped.value
  const ms = Math.round(performance.now() - begunMs)
  return ok(report({ stopped: true, name, vsn, pid, ms }, [`${name} ${vsn} stopped (process ${pid}, ${formatMs(ms)})`]))
}

/** Ends a launcher that has no node, and with it what it is starting. */
async function stopLauncher(launcher: number, seconds: number, context: NodeContext): Promise<Outcome> {
  try {
    process.kill(launcher, 'SIGTERM')
  } catch (failure) {
    if (errorCode(failure) !== 'EPERM') throw failure
    return err(clientFailure(wrongUser(context.target.root, `process ${launcher}`), context.program))
  }
  const { name = '', root } = context.target
  if (await until(() => !isAlive(launcher), seconds, context.signal)) {
    const line = `the launcher has stopped (process ${launcher}): ${name || `the node in ${root}`} is not started again`
    return ok(report({ stopped: true, launcher }, [line]))
  }
  return err({
    exit: 'not_answering',
    tag: 'still_stopping',
    message: `the launcher (process ${launcher}) was told to stop and still runs after ${seconds} s`,
    hints: [`see what it waits for in ${logDirOf(context.target)}`],
    facts: { launcher, seconds },
  })
}

/** By its process; where that has no number here, nobody answers at its socket, or another node does. */
async function hasEnded(client: Client, { target, timeoutMs }: NodeContext): Promise<boolean> {
  const { pid, here, started } = client.node
  if (here) return !isAlive(pid)
  if (!client.closed) return false
  const again = await connect(target, timeoutMs)
  if (!again.ok) return again.error.tag === 'not_running'
  again.value.close()
  return again.value.node.started !== started
}

/** Has the node stop its applications and boot again, and waits until it has started. */
export const restart: NodeCommand = async (args, context) => {
  const begunMs = performance.now()
  const asked = await withNode(context, async (client): Promise<Result<string, Failure>> => {
    const { pid, started } = client.node
    const answer = await call(client, context, 'restart', {})
    return answer.ok || answer.error.tag === 'connection_lost' ? ok(`${pid} ${started}`) : answer
  })
  if (!asked.ok) return asked
  const seconds = number(args, 'wait') ?? WAIT_SECONDS
  let veto: string | undefined
  const anew = () => {
    veto = vetoOf(context.target)
    const file = readNodeFile(context.target)
    return veto !== undefined || (file.ok && `${file.value.pid} ${file.value.started}` !== asked.value)
  }
  if (await until(anew, seconds, context.signal))
    return veto === undefined ? waitForStart(context, seconds, begunMs, undefined) : err(vetoed(veto, context))
  const failure = notUp('the node did not come up again', seconds, context)
  const hint =
    'a node in the foreground is started again by what started it, when it ends with status 75, or not at all'
  return err({ ...failure, hints: [hint, ...(failure.hints ?? [])] })
}

/**
 * Waits until the node of a release says that it has started: for the start script, which passes the process it
 * started, so that a node that dies while booting is noticed at once.
 */
export const wait: NodeCommand = (args: Arguments, context) =>
  waitForStart(context, number(args, 'wait') ?? WAIT_SECONDS, performance.now(), number(args, 'pid'))

async function waitForStart(
  context: NodeContext,
  seconds: number,
  begunMs: number,
  pid: number | undefined,
): Promise<Outcome> {
  let last: Failure | undefined
  let found: Outcome | undefined
  const look = async () => {
    if (pid !== undefined && !isAlive(pid)) {
      found = err({
        exit: 'boot_failed',
        tag: 'boot_failed',
        message: `process ${pid} ended before the node had started`,
        facts: { pid },
      })
      return true
    }
    const connected = await connect(context.target, context.timeoutMs)
    if (!connected.ok) {
      last = clientFailure(connected.error, context.program)
      // Waiting does not make another user's node ours, nor another name the right one.
      const hopeless = connected.error.tag === 'wrong_user' || connected.error.tag === 'wrong_node'
      if (hopeless) found = err(last)
      return hopeless
    }
    const { node, status } = connected.value
    connected.value.close()
    // The socket opens with the kernel, before the release's own applications have started.
    if (!hasStarted(status)) return false
    const ms = Math.round(performance.now() - begunMs)
    const { name, vsn } = node
    found = ok(
      report({ started: true, name, vsn, pid: node.pid, ms }, [
        `${name} ${vsn} started (process ${node.pid}, ${formatMs(ms)})`,
      ]),
    )
    return true
  }
  await until(look, seconds, context.signal)
  return (
    found ??
    err(
      last === undefined
        ? notUp('the node has not started', seconds, context)
        : {
            ...last,
            exit: 'boot_failed',
            tag: 'boot_timeout',
            message: `the node has not started within ${seconds} s; ${last.message}`,
          },
    )
  )
}

/** A node that does not say how far it is has started. OTP: `init:get_status/0`. */
function hasStarted(status: unknown): boolean {
  return (textOf(status, 'status') ?? 'started') === 'started'
}

/** What the launcher wrote when a hook refused the start it was asked for; it takes it away before each start. */
function vetoOf(target: Target): string | undefined {
  try {
    // A line that is not whole is still being written.
    return /^.+(?=\n)/.exec(readFileSync(join(runDirOf(target), 'vetoed'), 'utf8'))?.[0]
  } catch {
    return undefined
  }
}

function vetoed(veto: string, { program }: NodeContext): Failure {
  return {
    exit: 'refused',
    tag: 'hook_failed',
    message: `${veto}; the node has stopped, and none runs now`,
    hints: [`start it with "${program} start" as soon as the hook lets it`],
    facts: { hook: 'pre_start' },
  }
}

function stillThere({ pid, here }: NodeFile, seconds: number, { signal, target }: NodeContext): Failure {
  if (signal.aborted) return { exit: 'interrupted', tag: 'interrupted', message: `process ${pid} is still stopping` }
  return {
    exit: 'not_answering',
    tag: 'still_stopping',
    message: `process ${pid} was told to stop and still runs after ${seconds} s`,
    hints: [
      `see what it waits for in ${logDirOf(target)}`,
      here
        ? `end it by force with "kill -9 ${pid}"`
        : `end it by force in its container: process ${pid} is another here`,
    ],
    facts: { pid, seconds },
  }
}

function notUp(what: string, seconds: number, { signal, target }: NodeContext): Failure {
  if (signal.aborted) return { exit: 'interrupted', tag: 'interrupted', message: `${what} yet` }
  return {
    exit: 'boot_failed',
    tag: 'boot_timeout',
    message: `${what} within ${seconds} s`,
    hints: [`see why in ${logDirOf(target)}`],
    facts: { seconds },
  }
}
