/** The kernel's own methods of the control socket: `status`, `stop`, `restart`, `applications`, `rpc`, `eval`. */

import { hostname } from 'node:os'
import { nearest } from '../../../schemas/nearest.js'
import { nodeArguments } from '../../erts/arguments.js'
import { clock } from '../../erts/clock.js'
import { ErlangError, Exit, exitReason } from '../../erts/exit.js'
import { lostLauncher } from '../../erts/heart.js'
import { bootSteps, getStatus, reboot, scriptId, stop } from '../../erts/init.js'
import { applyMfa, exportedFunction, isModule, resolveModule } from '../../erts/modules.js'
import { exitPid, processes, receive, spawn, spawnMonitor } from '../../erts/process.js'
import * as application from './application.js'
import { allLoaded } from './code.js'
import { type ControlContext, ControlError, type ControlMethod, registerMethod } from './control.js'
import * as controlServer from './control_server.js'
import { decodeTerm } from './control_terms.js'
import { permanentApplications } from './release_applications.js'

/** Makes the kernel's methods callable. */
export function registerKernelMethods(): void {
  for (const [name, method] of Object.entries(METHODS)) registerMethod(name, method)
}

const status: ControlMethod = async () => {
  const { status: state, progress } = getStatus()
  const booted = scriptId()
  const info = await controlServer.nodeInfo()
  const running = await runningApplications()
  return {
    ...info,
    // For people and tools, as a plan has it. No other node can reach this one, so that `Node.node()` is another.
    node_name: `${info.name}@${hostname()}`,
    booted: booted === undefined ? null : { name: booted.name, vsn: booted.vsn },
    status: state,
    progress,
    uptime_ms: Math.round(clock.monotonicMs() - startedMs),
    processes: processes().length,
    memory: process.memoryUsage(),
    boot: bootSteps(),
    applications: running,
    not_running: state === 'started' ? await notRunning(info.vsn, new Set(running.map(({ name }) => name))) : [],
  }
}

const startedMs = clock.monotonicMs()

/** What the release that runs starts permanently, and does not run: stopped by hand, or by an upgrade that failed. */
async function notRunning(vsn: string, running: ReadonlySet<string>): Promise<readonly string[]> {
  const root = nodeArguments()?.root
  if (root === undefined) return []
  return (await permanentApplications(root, vsn)).filter((name) => !running.has(name))
}

async function runningApplications(): Promise<{ name: string; vsn: string; description: string }[]> {
  const running = await application.whichApplications()
  return running.map(([name, description, vsn]) => ({ name, vsn, description }))
}

/** Running ones newest first, and those that are only loaded. */
const applications: ControlMethod = async () => {
  const running = await runningApplications()
  const names = new Set((await application.whichApplications()).map(([name]) => name))
  const loaded = application.loadedApplications().filter(([name]) => !names.has(name))
  return { running, loaded: loaded.map(([name, description, vsn]) => ({ name, vsn, description })) }
}

/** The answer is on its way before the node begins to stop. */
const stopMethod: ControlMethod = (params, { afterwards }) => {
  const code = typeof params.status === 'number' ? params.status : 0
  afterwards(() => stop(code))
  return 'ok'
}

/** Without a launcher in its environment the node may still have somebody who starts it again. */
const restart: ControlMethod = (_params, { afterwards }) => {
  if (lostLauncher()) {
    throw new ControlError(
      'needs_restart',
      'the launcher of this node has ended: nothing would start it again; stop it, and start it',
    )
  }
  afterwards(reboot)
  return 'ok'
}

/** `{ module, function, args }`: module `APPLICATION/MODULE`. */
const rpc: ControlMethod = (params, context) => {
  const { module, function: fun, args = [] } = params
  if (typeof module !== 'string' || typeof fun !== 'string' || !Array.isArray(args)) {
    throw new ControlError('bad_params', 'rpc takes { "module": "app/module", "function": "name", "args": [] }')
  }
  return cancellable(() => {
    refuseUnknown(module, fun)
    return applyMfa([module, fun, args.map(decodeTerm)])
  }, context)
}

/** @throws ControlError `error`, as the call would be answered, with what is `missing` and the `near`est there is */
function refuseUnknown(module: string, fun: string): void {
  const known = isModule(module)
  if (known && exportedFunction(module, fun) !== undefined) return
  const error = new ErlangError(['undef', [module, fun, []]])
  const near = known
    ? nearest(fun, functionsOf(module))
    : nearest(
        module,
        allLoaded()
          .map(([id]) => id)
          .sort(),
      )
  throw new ControlError('error', error.message, { error, missing: known ? 'function' : 'module', near })
}

const functionsOf = (module: string): string[] =>
  Object.keys(resolveModule(module)).filter((name) => exportedFunction(module, name) !== undefined)

/** `{ expression }`: JavaScript, which may await; see control_context.ts for what it can name. */
const evaluate: ControlMethod = ({ expression }, context) => {
  if (typeof expression !== 'string') throw new ControlError('bad_params', 'eval takes { "expression": "..." }')
  return cancellable(async () => (await import('./control_eval.js')).evaluate(expression), context)
}

/** Runs code in a process of its own, which is killed when the client cancels or goes away. */
function cancellable(code: () => unknown, { signal }: ControlContext): Promise<unknown> {
  return new Promise((resolve, reject) => {
    spawn(async () => {
      let outcome: { readonly value: unknown } | { readonly thrown: unknown } | undefined
      const [worker, ref] = spawnMonitor(async () => {
        try {
          outcome = { value: await code() }
        } catch (thrown) {
          outcome = { thrown }
        }
      })
      const kill = (): void => void exitPid(worker, 'kill')
      signal.addEventListener('abort', kill)
      const down = await receive<unknown[]>((m) => Array.isArray(m) && m[0] === 'DOWN' && m[1] === ref)
      signal.removeEventListener('abort', kill)
      if (signal.aborted) reject(new ControlError('cancelled', 'the request was cancelled'))
      else if (outcome === undefined) reject(new Exit(Array.isArray(down) ? down[4] : down))
      else if ('value' in outcome) resolve(outcome.value)
      else reject(outcome.thrown instanceof Error ? outcome.thrown : new Exit(exitReason(outcome.thrown)))
    })
  })
}

const METHODS: Readonly<Record<string, ControlMethod>> = {
  applications,
  eval: evaluate,
  restart,
  rpc,
  status,
  stop: stopMethod,
}
