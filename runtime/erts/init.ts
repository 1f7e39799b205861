/**
 * init: the first process of a node. It interprets the boot script, watches the processes of the kernel, and ends the
 * node in order. OTP: erts `init.erl`.
 *
 * Departure: a result `['error', _]` of an `apply` is not ignored but ends the boot, so that no application is
 * silently not started.
 */
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { formatFault } from '../../schemas/fault.js'
import { read } from '../../schemas/read.js'
import type { BootInstruction, BootScript } from '../../schemas/types.js'
import type { NodeArguments } from './arguments.js'
import { bootCause, bootRemedy } from './boot_cause.js'
import { clock } from './clock.js'
import type { Archives } from './linker/archive.js'
import type { Linker } from './linker/linker.js'
import { setApplicationDir } from './loader.js'
import { KIND } from './mailbox.js'
import { applyMfa, type Mfa } from './modules.js'
import { current } from './proc.js'
import { receive, trapExit } from './receive.js'
import { lookup, register } from './registry.js'
import { deliver } from './scheduler.js'
import { exitPid } from './signal.js'
import { spawn } from './spawn.js'
import { format, Pid } from './term.js'

/** How far the node is: OTP's `init:get_status/0`. */
export type NodeStatus = 'starting' | 'started' | 'stopping'

/** A step of the boot with the milliseconds it took, in order. */
export interface BootStep {
  readonly step: string
  readonly ms: number
}

interface State {
  status: NodeStatus
  progress: string
  readonly steps: BootStep[]
  script: BootScript | undefined
  /** Processes of the kernel with their names, in start order. */
  readonly kernel: { readonly name: string; readonly pid: Pid }[]
}

const state: State = { status: 'starting', progress: 'starting', steps: [], script: undefined, kernel: [] }
let started: (() => void) | undefined
const whenStarted = new Promise<void>((resolve) => {
  started = resolve
})

/** How far the node is, and the last progress of its boot script. */
export const getStatus = (): { readonly status: NodeStatus; readonly progress: string } => state

/** What the boot did and how long each step took. */
export const bootSteps = (): readonly BootStep[] => state.steps

/** Name and version of the release that was booted; undefined before. OTP: `init:script_id/0`. */
export function scriptId(): { readonly name: string; readonly vsn: string } | undefined {
  return state.script === undefined ? undefined : { name: state.script.name, vsn: state.script.vsn }
}

/** Resolves when the boot script has come to its end. */
export const waitUntilStarted = (): Promise<void> => whenStarted

/** The node could not boot: what init says before it ends the OS process. */
export class BootError extends Error {
  override readonly name = 'BootError'
}

/**
 * Boots a node: runs its boot script in the process `init`.
 *
 * @param archives the applications' archives, dropped when everything is loaded; default: modules come from files
 * @throws BootError when the script cannot be read or a step of it fails
 */
export async function boot(node: NodeArguments, linker: Linker, archives?: Archives): Promise<void> {
  const load = (ids: readonly string[]) => linker.loadAll(ids, archives, isOurs)
  const script = readScript(node.boot)
  state.script = script
  await new Promise<void>((resolve, reject) => {
    spawn(async () => {
      const init = current()
      if (init === null) return
      register('init', init.pid)
      trapExit(true)
      try {
        const names = applicationNames(script)
        for (const instruction of script.instructions) await step(instruction, names, script, node, load)
      } catch (thrown) {
        if (thrown instanceof BootError) return reject(thrown)
        const remedy = bootRemedy(thrown, builtWith(script, node))
        reject(new BootError(withRemedy(bootCause(thrown) ?? String(thrown), remedy), { cause: thrown }))
        return
      }
      state.status = 'started'
      started?.()
      resolve()
      await watch()
    })
  })
}

/** The runtime's own modules do nothing at their top level, so those that a node never uses need never run. */
const isOurs = (id: string): boolean => OURS.has(id.slice(0, id.indexOf('/')))
const OURS: ReadonlySet<string> = new Set(['kernel', 'stdlib', 'sasl'])

function readScript(file: string): BootScript {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new BootError(`cannot get bootfile "${file}": ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  const script = read('script', text, file)
  if (!script.ok) throw new BootError(`bootfile format error\n${script.error.map(formatFault).join('\n')}`)
  return script.value
}

async function step(
  instruction: BootInstruction,
  names: readonly string[],
  script: BootScript,
  node: NodeArguments,
  load: (ids: readonly string[]) => Promise<void>,
): Promise<void> {
  const startMs = clock.monotonicMs()
  switch (instruction.op) {
    case 'progress':
      state.progress = instruction.id
      return
    case 'preLoaded':
    case 'kernel_load_completed':
      return
    case 'path':
      for (const dir of instruction.dirs) addPath(dir.replace(/^\$ROOT(?=\/)/, node.root), names)
      return
    case 'primLoad':
      await load(instruction.modules)
      break
    case 'kernelProcess':
      await startKernelProcess(instruction.name, mfaOf(instruction.mfa))
      break
    case 'apply': {
      const [module, fun, args] = instruction.mfa
      const result = await applyMfa(mfaOf(instruction.mfa))
      if (Array.isArray(result) && result[0] === 'error') {
        const what =
          module === 'kernel/application' && fun === 'startBoot'
            ? `application "${nameOfArgument(args[0])}" did not start`
            : `${module}:${fun}(${args.map(nameOfArgument).join(', ')}) failed`
        const why = bootCause(result[1]) ?? format(result[1])
        throw new BootError(withRemedy(`${what}: ${why}`, bootRemedy(result[1], builtWith(script, node))))
      }
      break
    }
  }
  state.steps.push({ step: describe(instruction), ms: clock.monotonicMs() - startMs })
}

const withRemedy = (text: string, remedy: string | undefined): string =>
  remedy === undefined ? text : `${text}\n${remedy}`

/** The version of Node in the release's rel.json, beside its boot script. */
function builtWith({ name }: BootScript, { boot }: NodeArguments): string | undefined {
  try {
    const rel = read('rel', readFileSync(join(dirname(boot), `${name}.rel.json`), 'utf8'), '')
    return rel.ok ? rel.value.erts : undefined
  } catch {
    return undefined
  }
}

/** Names of the applications that a script speaks of, longest first. */
function applicationNames(script: BootScript): readonly string[] {
  const names = new Set<string>()
  for (const instruction of script.instructions) {
    if (instruction.op === 'primLoad') for (const id of instruction.modules) names.add(id.slice(0, id.indexOf('/')))
    if (instruction.op === 'apply' || instruction.op === 'kernelProcess') {
      for (const arg of instruction.mfa[2]) {
        if (typeof arg === 'object' && arg !== null && 'name' in arg) names.add(String(arg.name))
      }
    }
  }
  return [...names].sort((a, b) => b.length - a.length)
}

/** `.../lib/NAME-VSN/ebin` belongs to application NAME. A name may hold a hyphen, so the longest that fits counts. */
function addPath(ebin: string, names: readonly string[]): void {
  const dir = dirname(ebin)
  const folder = basename(dir)
  const name = names.find((candidate) => folder === candidate || folder.startsWith(`${candidate}-`))
  setApplicationDir(name ?? folder, dir)
}

// The schema says what an MFA is; its arguments are any JSON.
const mfaOf = (mfa: readonly unknown[]): Mfa => mfa as unknown as Mfa

const nameOfArgument = (arg: unknown): string =>
  typeof arg === 'string'
    ? arg
    : typeof arg === 'object' && arg !== null && 'name' in arg
      ? String(arg.name)
      : format(arg)

function describe(instruction: BootInstruction): string {
  switch (instruction.op) {
    case 'primLoad':
      return `load ${instruction.modules.length} modules`
    case 'kernelProcess':
      return `start ${instruction.name}`
    case 'apply':
      return `${instruction.mfa[1]} ${instruction.mfa[2].map(nameOfArgument).join(' ')}`
    default:
      return instruction.op
  }
}

async function startKernelProcess(name: string, mfa: Mfa): Promise<void> {
  const result = await applyMfa(mfa)
  if (result === 'ignore') return
  if (Array.isArray(result) && result[0] === 'ok' && result[1] instanceof Pid)
    state.kernel.push({ name, pid: result[1] })
  else throw new BootError(`could not start kernel pid "${name}": ${format(result)}`)
}

// ---- the end of the node

interface StopRequest {
  readonly status: number
}

const isStop = (message: unknown): message is readonly ['stop', StopRequest] =>
  Array.isArray(message) && message[0] === 'stop' && message.length === 2

/** Waits for a command to stop, or for the end of a process of the kernel, which ends the node. */
async function watch(): Promise<void> {
  for (;;) {
    const message = await receive()
    if (isStop(message)) {
      await shutDown()
      process.exit(message[1].status)
    }
    if (!Array.isArray(message) || message[0] !== 'EXIT') continue
    const dead = state.kernel.find(({ pid }) => pid === message[1])
    if (dead !== undefined) {
      terminateNode(message[2], 1, dead.name)
      return
    }
  }
}

/** Kernel processes are told to shut down, last started first, each awaited: the reverse of their start. */
async function shutDown(): Promise<void> {
  state.status = 'stopping'
  for (const { pid } of [...state.kernel].reverse()) {
    if (pid.proc === null) continue
    exitPid(pid, 'shutdown')
    await receive((message) => Array.isArray(message) && message[0] === 'EXIT' && message[1] === pid)
  }
}

let stopping: ((status: number) => void) | undefined

/** Has `told` called when the node begins to stop, with the status it will end with. One at a time. */
export function onStop(told: (status: number) => void): void {
  stopping = told
}

/** Stops the node in order: applications first, in reverse start order. OTP: `init:stop/1`. */
export function stop(status = 0): 'ok' {
  const init = lookup('init')
  stopping?.(status)
  state.status = 'stopping'
  if (init === undefined) process.exit(status)
  deliver(init, KIND.info, ['stop', { status }])
  return 'ok'
}

/** Status with which a node ends that wants to be started again; the start script does so. */
export const RESTART_STATUS = 75

/** Stops the node in order and has it started again, with the release that boots. OTP: `init:reboot/0`. */
export const reboot = (): 'ok' => stop(RESTART_STATUS)

/** The node cannot go on. OTP: the end of a kernel process: says why and ends the OS process with `status`. */
export function terminateNode(reason: unknown, status: number, name = 'application_controller'): void {
  state.status = 'stopping'
  process.stderr.write(`Kernel pid terminated (${name}) (${format(reason)})\n`, () => process.exit(status))
}
