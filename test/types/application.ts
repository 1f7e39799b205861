/** Callbacks of applications and bridges: what must compile, and what must not. Checked by `npm run types`; nothing runs. */
import { Application, type Process, Supervisor, type SupervisorBridge } from 'otp-rel'
import * as counter from './counter.js'

interface Arg {
  readonly port: number
}

const start: Application.Start<Arg> = async (_type, { port }) => {
  const started = await Supervisor.startLink(counter, port)
  return started !== 'ignore' && started[0] === 'ok' ? ['ok', started[1], 'state'] : started
}
const stop: Application.Stop<string> = (state) => console.log(state.length)

export const module = { start, stop } satisfies Application.Callbacks<Arg, string>

export const whole: Application.Callbacks<Arg, string> = {
  start,
  stop,
  startPhase: async (phase) => (phase === 'go' ? 'ok' : ['error', 'unknown']),
  prepStop: (state) => `${state}, stopping`,
  configChange: (changed, added, removed) => console.log(changed.length, added.length, removed.join()),
}

// @ts-expect-error stop is missing
export const incomplete: Application.Callbacks<Arg, string> = { start }

// @ts-expect-error the top process, not its name
export const wrongStart: Application.Start = () => ['ok', 'shop_sup']

// @ts-expect-error started with a port
export const wrongArgument: Application.Callbacks<string, string> = { start, stop }

// @ts-expect-error a phase has succeeded or failed
export const wrongPhase: Application.StartPhase = () => true

// @ts-expect-error the state for stop is of the same type
export const wrongPrepStop: Application.PrepStop<string> = (state) => state.length

// @ts-expect-error the removed are names, without values
export const wrongChange: Application.ConfigChange = (_changed, _added, removed) => removed.map(([name]) => name.value)

export const misspelt = {
  start,
  stop,
  // @ts-expect-error did the author mean configChange?
  config_change: () => 'ok',
} satisfies Application.Callbacks<Arg, string>

// @ts-expect-error no such type
export const wrongType = () => Application.start('shop', 'forever')

// @ts-expect-error no such key
export const wrongResource: Application.AppResource = { name: 'shop', version: '1' }

// ---- supervisor_bridge

export const begin: SupervisorBridge.Init<Process.Pid> = (pid) => ['ok', pid, 'state']

// @ts-expect-error the main process and a state
export const noState: SupervisorBridge.Init<Process.Pid> = (pid) => ['ok', pid]
