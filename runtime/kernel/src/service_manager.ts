/**
 * Tells systemd how the node is: READY, RELOADING, STOPPING, and WATCHDOG for as long as the node really turns, where
 * NOTIFY_SOCKET is in the environment. OTP: heart and its watchdog; systemd is told by libraries there.
 *
 * Node cannot send to a Unix datagram socket. A shell that is kept for it gives each line of its standard input to
 * `systemd-notify`; it ends with the node, however that ends. The unit needs `NotifyAccess=all`.
 */
import type { ChildProcess } from 'node:child_process'
import { launcherPid } from '../../erts/heart.js'
import { onStop, RESTART_STATUS, scriptId, waitUntilStarted } from '../../erts/init.js'
import { self, sendAfter, trapExit, whereis } from '../../erts/process.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import * as logger from './logger.js'
import * as callbacks from './service_manager.js'

const NAME = 'service_manager'

/** Fields of a line are separated by tabs. What it cannot tell it says once, and goes on reading. */
const SENDER = `
command -v systemd-notify >/dev/null || { echo 'systemd-notify is not installed: systemd is told nothing' >&2; exec cat >/dev/null; }
set -f
IFS=$(printf '\\t')
while read -r line; do systemd-notify $line; done
`

interface State {
  readonly sender: ChildProcess
  /** Between two signs of life, in ms; undefined: none are wanted. */
  readonly beatMs: number | undefined
}

/** Whether something wants to be told. */
export const isWanted = (): boolean => Boolean(process.env.NOTIFY_SOCKET)

/** Starts it under its name. */
export const startLink = (): Promise<genServer.StartResult> => genServer.startLink({ local: NAME }, callbacks, [])

/** The node runs, `text` is what it does. */
export const ready = (text: string): void => tell('READY=1', `STATUS=${text}`)

/** The node is being made another release. */
export const reloading = (text: string): void => tell('RELOADING=1', `STATUS=${text}`)

/** Without anybody to tell, nothing happens. */
function tell(...fields: readonly string[]): void {
  if (whereis(NAME) !== undefined) genServer.cast(NAME, { type: 'tell', fields } satisfies Tell)
}

interface Tell {
  readonly type: 'tell'
  readonly fields: readonly string[]
}

/** How often to show a sign of life: well within half of the time that systemd waits, and only if it waits for us. */
export function beatOf(env: NodeJS.ProcessEnv, ours: readonly number[]): number | undefined {
  const usec = Number(env.WATCHDOG_USEC)
  if (!(usec > 0)) return undefined
  if (env.WATCHDOG_PID !== undefined && !ours.includes(Number(env.WATCHDOG_PID))) return undefined
  return Math.max(1, Math.floor(usec / 1000 / 3))
}

/** Opens the way to systemd. */
export async function init(): Promise<genServer.Init<State>> {
  trapExit(true)
  const { spawn } = await import('node:child_process')
  const sender = spawn('sh', ['-c', SENDER], { stdio: ['pipe', 'ignore', 'inherit'] })
  sender.on('error', (failure) => logger.warning(`systemd is told nothing: ${failure.message}`))
  sender.stdin?.on('error', () => {})
  sender.unref()
  const launcher = launcherPid()
  const beatMs = beatOf(process.env, launcher === undefined ? [process.pid] : [process.pid, launcher])
  onStop((status) => {
    if (status === RESTART_STATUS) write(sender, ['RELOADING=1', 'STATUS=restarting'])
    else write(sender, ['STOPPING=1', 'STATUS=stopping'])
  })
  const { name = '', vsn = '' } = scriptId() ?? {}
  void waitUntilStarted().then(() =>
    tell('READY=1', `MAINPID=${launcher ?? process.pid}`, `STATUS=${name} ${vsn} (process ${process.pid})`),
  )
  // While the release boots, too: it may take longer than systemd waits for a sign.
  if (beatMs !== undefined) sendAfter(0, self(), 'beat')
  return ['ok', { sender, beatMs }]
}

function write({ stdin }: ChildProcess, fields: readonly string[]): void {
  if (stdin?.writable === true) stdin.write(`${fields.map((one) => one.replace(/[\t\n]/g, ' ')).join('\t')}\n`)
}

/** Nothing is asked. */
export const handleCall: genServer.HandleCall<never, State> = (_request, _from, state) => ['noreply', state]

/** {@link ready}, {@link reloading}. */
export const handleCast: genServer.HandleCast<Tell, State> = ({ fields }, state) => {
  write(state.sender, fields)
  return ['noreply', state]
}

/**
 * A sign of life. That this message was delivered and this callback runs means that the event loop turns, processes are
 * scheduled and timers fire; a node that hangs sends none.
 */
export const handleInfo: genServer.HandleInfo<State> = (message, state) => {
  if (message === 'beat' && state.beatMs !== undefined) {
    write(state.sender, ['WATCHDOG=1'])
    sendAfter(state.beatMs, self(), 'beat')
  }
  return ['noreply', state]
}

/** The shell ends when its input does. */
export const terminate = (_reason: unknown, { sender }: State): void => {
  sender.stdin?.end()
}
