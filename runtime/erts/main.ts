/**
 * The program of a node, see launch.ts: boots the release and stays until it is told to stop. OTP: the emulator's start
 * and `erl_init`.
 */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { formatArgumentsError, type NodeArguments, parseArguments, setNodeArguments } from './arguments.js'
import type { CodeCache } from './code_cache.js'
import { hasLauncher } from './heart.js'
import { BootError, boot, stop, terminateNode } from './init.js'
import { openArchives } from './linker/archive.js'
import type { NodeImport } from './linker/native.js'
import { startLinker } from './loader.js'
import type { ModuleNamespace } from './modules.js'
import { current } from './proc.js'
import { report } from './report.js'
import { crashed } from './signal.js'

/** Status with which a node ends that cannot boot: `boot_failed` of the commands' exit codes. */
const BOOT_FAILED = 12

/** What the launcher has for the program. */
export interface Launcher {
  /** What the program was compiled with. */
  readonly cache: CodeCache
  /** Node's own `import()`. */
  readonly nodeImport: NodeImport
}

/**
 * Runs a node.
 *
 * @param preloaded the modules that are part of this program, by id
 */
export async function main(
  preloaded: Readonly<Record<string, ModuleNamespace>>,
  { cache, nodeImport }: Launcher,
): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2), (path) => resolve(path))
  if ('error' in parsed) {
    process.stderr.write(`${formatArgumentsError(parsed.error)}\n`)
    process.exit(2)
  }
  setNodeArguments(parsed.value)
  watchForFailures()
  process.on('SIGTERM', () => stop(0))
  process.on('SIGINT', () => stop(0))
  process.on('SIGHUP', () => stop(0))
  try {
    await boot(parsed.value, startLinker(preloaded, nodeImport), isObserved() ? undefined : openArchives(cache))
    tellLauncher(parsed.value)
    setImmediate(() => cache.save())
  } catch (thrown) {
    const text = thrown instanceof BootError ? thrown.message : thrown instanceof Error ? thrown.stack : String(thrown)
    // Further lines are set in: bin/NAME start tells them, and not the reports that may follow.
    const whole = String(text).replace(/\n(?! )/g, '\n  ')
    process.stderr.write(`init terminating in do_boot: ${whole}\n`, () => process.exit(BOOT_FAILED))
  }
}

/** What ends before this was never up: the launcher does not start it again. */
function tellLauncher({ root, runDir = join(root, 'run') }: NodeArguments): void {
  if (!hasLauncher()) return
  try {
    writeFileSync(join(runDir, 'started'), `${process.pid}\n`)
  } catch (failure) {
    report('warning', { label: ['erts', 'heart'], report: { started: failure } }, { domain: ['otp'] })
  }
}

/** Under a debugger and for coverage every module is a script of its own, with its map. */
const isObserved = (): boolean =>
  process.env.NODE_V8_COVERAGE !== undefined || process.execArgv.some((flag) => flag.startsWith('--inspect'))

/**
 * Code that runs for a process outside its callbacks (a timer, a socket's event) and throws crashes that process, as
 * if the callback had. What belongs to no process ends the node when it is thrown; a promise nobody awaited is only
 * reported, since nothing has been interrupted by it.
 */
function watchForFailures(): void {
  process.on('uncaughtException', (thrown) => {
    const proc = current()
    if (proc !== null) crashed(proc, thrown)
    else terminateNode(['uncaught_exception', thrown], 1, 'node')
  })
  process.on('unhandledRejection', (thrown) => {
    report('error', { label: ['erts', 'unhandled_rejection'], report: { reason: thrown } }, { domain: ['otp'] })
  })
}
