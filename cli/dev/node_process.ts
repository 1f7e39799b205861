/** The node of `otp-rel dev`: a process of its own, started from the release and asked over its control socket. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { err, ok, type Result } from '../../schemas/result.js'
import { type CallError, type Client, connect } from '../node/client.js'
import type { NodeContext, Target } from '../node/command.js'
import { wait } from '../node/commands/stop.js'
import type { Failure } from '../render/failure.js'

/** How long the node may take to stop in order before it is killed, in ms. */
const STOP_MS = 10_000

/** A node that runs. */
export interface DevNode {
  readonly pid: number
  readonly client: Client
  /** Ends when its process has ended: with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** Has it stop in order; after a while it is killed. */
  stop(): Promise<void>
}

/**
 * Starts the node of a release and waits until it has started. What it prints goes where our own
 * output goes, or to standard error where ours is for programs.
 *
 * @param args what follows `foreground`
 * @param json ours is
 * @param end  when aborted, it is killed
 */
export async function startNode(
  target: Target & { readonly name: string },
  args: readonly string[],
  json: boolean,
  context: NodeContext,
  end: AbortSignal,
): Promise<Result<DevNode, Failure>> {
  const script = join(target.root, 'bin', target.name)
  const child = spawn(script, ['foreground', '--sasl', 'dev=true', ...args], {
    // Who develops starts it again.
    env: { ...process.env, RELEASE_RESTARTS: '0' },
    stdio: ['ignore', json ? 2 : 'inherit', 'inherit'],
    // Its launcher and itself can be ended together, and Ctrl-C is for us alone.
    detached: true,
  })
  const ended = endOf(child)
  const kill = () => killGroup(child)
  end.addEventListener('abort', kill)
  // However we end, it does not stay behind.
  process.once('exit', kill)
  ended.then(() => {
    end.removeEventListener('abort', kill)
    process.off('exit', kill)
  })
  if (end.aborted) kill()
  const { pid } = child
  if (pid === undefined) return err({ exit: 'system', tag: 'cannot_start', message: `${script} does not start` })
  const started = await wait({ pid }, { ...context, target })
  if (!started.ok) {
    kill()
    return started
  }
  const client = await connect(target)
  if (client.ok) return ok({ pid, client: client.value, ended, stop: () => stop(child, ended) })
  kill()
  return err({ exit: 'not_answering', tag: client.error.tag, message: 'the node went away after it had started' })
}

const endOf = (child: ChildProcess): Promise<number | string> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0))
  })

/** Ends the launcher and the node at once. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // They have ended.
  }
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM')
  const limit = setTimeout(() => killGroup(child), STOP_MS)
  await ended
  clearTimeout(limit)
}

/** The words of a failed call. */
export const callMessage = (error: CallError): string =>
  error.tag === 'answered' ? error.error.message : `the node does not answer (${error.tag})`
