/** A controller of its own for each test, with callback modules that write down what happens to them. */
import type { Pid } from '../../../runtime/erts/process.js'
import { receive, spawnLink, whereis } from '../../../runtime/erts/process.js'
import { setReporter } from '../../../runtime/erts/report.js'
import * as controller from '../../../runtime/kernel/src/application_controller.js'
import type { AppResource } from '../../../runtime/kernel/src/application_data.js'
import type { ControllerOptions } from '../../../runtime/kernel/src/application_types.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'

/** How the node was told to end, in order. */
export const ends: [reason: unknown, status: number][] = []
/** Reports since the start of the world: label, and the facts as an object. */
export const reports: { readonly label: string; readonly facts: Readonly<Record<string, unknown>> }[] = []

let waiting: (() => void)[] = []

/** Resolves when the node has been told to end. */
export const nodeEnded = (): Promise<void> =>
  ends.length > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))

/** Starts a controller in which kernel is a started library application. */
export async function startWorld(options: ControllerOptions = {}): Promise<void> {
  await stopWorld()
  ends.length = 0
  reports.length = 0
  waiting = []
  setReporter((_level, { label, report }) => {
    const facts = Array.isArray(report) ? Object.fromEntries(report) : { report }
    reports.push({ label: label.join(' '), facts })
  })
  const terminateNode = (reason: unknown, status: number): void => {
    ends.push([reason, status])
    for (const wake of waiting) wake()
  }
  await controller.startAlone({ name: 'kernel', vsn: '1' }, { config: {}, commandLine: {}, terminateNode, ...options })
  await controller.ask({ type: 'start', name: 'kernel', restartType: 'permanent' })
}

/** Stops the controller, if it runs. */
export async function stopWorld(): Promise<void> {
  setReporter(undefined)
  if (whereis('application_controller') === undefined) return
  await GenServer.stop('application_controller', 'shutdown').catch(() => {})
}

/** A process that waits until it is told how to end: `process.stop(reason)` through its exit signal. */
export const top = (): Pid =>
  spawnLink(async () => {
    await receive()
  })

/** A resource with what the test is about. */
export const app = (name: string, rest: Partial<AppResource> = {}): AppResource => ({ name, vsn: '1', ...rest })

/** A callback module whose calls are noted in `log`. */
export function recorder(log: unknown[], own: Record<string, unknown> = {}): object {
  return {
    start: (type: unknown, arg: unknown) => {
      log.push(['start', type, arg])
      return ['ok', top()]
    },
    stop: (state: unknown) => log.push(['stop', state]),
    ...own,
  }
}
