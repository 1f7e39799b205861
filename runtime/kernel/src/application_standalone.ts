/**
 * A program without a release: the first use of applications starts the controller, with kernel and stdlib running, so
 * that the same source runs under Node alone. Departure: in OTP there is no node without a boot script.
 */
import { readFileSync } from 'node:fs'
import { ErlangError } from '../../erts/exit.js'
import { whereis } from '../../erts/process.js'
import { ask, startAlone } from './application_controller.js'
import { appFile } from './code_path.js'

let underWay: Promise<void> | undefined

/** Starts the controller if none runs. Concurrent callers wait for the one start. */
export function ensureController(): Promise<void> | undefined {
  if (whereis('application_controller') !== undefined && underWay === undefined) return undefined
  underWay ??= startNode().finally(() => {
    underWay = undefined
  })
  return underWay
}

async function startNode(): Promise<void> {
  // No release, no modules by name: the callback module is given itself. Loaded only here: what the kernel starts
  // needs this module in turn.
  const kernel = await import('./kernel.js')
  const started = await startAlone({ ...resource('kernel'), mod: [kernel, []] })
  if (started[0] !== 'ok') throw new ErlangError(started)
  await ask({ type: 'load', what: resource('stdlib') })
  for (const name of ['kernel', 'stdlib']) await ask({ type: 'start', name, restartType: 'permanent' })
}

/** The app.json of one of the runtime's own applications. */
function resource(application: string): object {
  const file = appFile(application)
  if (file === undefined) throw new ErlangError(['no such file or directory', `${application}.app`])
  return JSON.parse(readFileSync(file, 'utf8'))
}
