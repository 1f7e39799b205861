/**
 * The probation of a release that was installed: it is asked for its health until a time has passed, then made
 * permanent; or, when it goes on being unhealthy, the release before is installed again, hot, and the build noted as bad.
 *
 * A process of its own, `release_probation`, below sasl_safe_sup: it goes on when whoever asked for it has gone. It ends
 * early when another release is installed, or this one made permanent, by somebody else. A node that crashes meanwhile boots
 * the permanent release, as always. OTP has no counterpart: whether to commit is left to the operator.
 */
import { clock } from '../../erts/clock.js'
import { exit, self, sendAfter, spawn, trapExit, whereis } from '../../erts/process.js'
import { report } from '../../erts/report.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import * as supervisor from '../../stdlib/src/supervisor.js'
import * as alarmHandler from './alarm_handler.js'
import { askHealth, type Health, type HealthCheck } from './health.js'
import * as callbacks from './probation.js'
import { formatReleaseError } from './release_error.js'
import { operations, releases } from './release_handler_calls.js'
import { permanentRelease, runningRelease } from './releases_file.js'

const NAME = 'release_probation'

/** How a release proves itself. Times in ms. */
export interface ProbationSettings {
  /** The release on probation, which runs. */
  readonly vsn: string
  /** The release to go back to. */
  readonly from: string
  /** How long it has to be healthy before it is made permanent. */
  readonly commitAfterMs: number
  /** Whom to ask; undefined: that it still runs is enough. */
  readonly health: HealthCheck | undefined
  /** Between two questions. */
  readonly intervalMs: number
  /** For an answer. */
  readonly timeoutMs: number
  /** Bad answers in a row that end it. */
  readonly failures: number
  /** For the history. */
  readonly who: string
}

/** How a probation ended. */
export type Verdict =
  | { readonly verdict: 'committed'; readonly answer: string }
  /** Another release runs, or this one is permanent, by somebody else's doing. */
  | { readonly verdict: 'superseded' }
  /** `stuck`: the release before could not be installed either, or this one not made permanent; why. */
  | { readonly verdict: 'unhealthy'; readonly answer: string; readonly stuck?: string }

/** Where a probation stands. */
export interface ProbationStatus {
  readonly vsn: string
  readonly elapsed_ms: number
  readonly of_ms: number
  /** Bad answers in a row. */
  readonly failures: number
  readonly answer: string
}

interface State {
  readonly settings: ProbationSettings
  readonly sinceMs: number
  readonly failures: number
  readonly last: Health
  /** What is being done, until it is. */
  readonly waiting: readonly genServer.From[]
}

/** Begins a probation; one that is under way ends as superseded. */
export async function begin(settings: ProbationSettings): Promise<void> {
  await supervisor.terminateChild('sasl_safe_sup', NAME)
  const started = await supervisor.startChild('sasl_safe_sup', {
    id: NAME,
    start: [callbacks, 'startLink', [settings]],
    restart: 'temporary',
    modules: [callbacks],
  })
  if (started[0] === 'error') exit(['release_probation', started])
}

/** Where the probation under way stands; undefined: there is none. */
export const status = async (): Promise<ProbationStatus | undefined> =>
  whereis(NAME) === undefined ? undefined : genServer.call<ProbationStatus>(NAME, 'status').catch(() => undefined)

/** Waits for the end of the probation under way. */
export const verdict = (): Promise<Verdict> => genServer.call<Verdict>(NAME, 'verdict', 'infinity')

/** Starts the process. */
export const startLink = (settings: ProbationSettings): Promise<genServer.StartResult> =>
  genServer.startLink({ local: NAME }, callbacks, settings)

/** Asks at once. */
export function init(settings: ProbationSettings): genServer.Init<State> {
  // to tell those who wait when another one takes this one's place
  trapExit(true)
  ask(settings)
  const last: Health = { healthy: true, answer: 'not asked yet' }
  return ['ok', { settings, sinceMs: clock.monotonicMs(), failures: 0, last, waiting: [] }]
}

/** Tells where it stands, or how it ended. */
export const handleCall: genServer.HandleCall<'status' | 'verdict', State> = (request, from, state) => {
  if (request === 'verdict') return ['noreply', { ...state, waiting: [...state.waiting, from] }]
  const { settings, sinceMs, failures, last } = state
  const elapsed_ms = Math.round(clock.monotonicMs() - sinceMs)
  const now: ProbationStatus = {
    vsn: settings.vsn,
    elapsed_ms,
    of_ms: settings.commitAfterMs,
    failures,
    answer: last.answer,
  }
  return ['reply', now, state]
}

/** Asks whether it runs still and is healthy, in a process of its own: an answer may take its time. */
function ask({ vsn, health, timeoutMs }: ProbationSettings): void {
  const server = self()
  spawn(async () => {
    const all = await releases()
    const isOurs = runningRelease(all)?.vsn === vsn && permanentRelease(all)?.vsn !== vsn
    const said = health === undefined ? { healthy: true, answer: 'it runs' } : await askHealth(health, timeoutMs)
    genServer.cast(server, isOurs ? said : 'superseded')
  })
}

/** An answer has come, or what follows of it is done. */
export const handleCast: genServer.HandleCast<Health | Verdict | 'superseded', State> = (message, state) => {
  const { settings, sinceMs } = state
  if (message === 'superseded') return ended({ verdict: 'superseded' }, state)
  if ('verdict' in message) return ended(message, state)
  const failures = message.healthy ? 0 : state.failures + 1
  const next = { ...state, failures, last: message }
  const leftMs = settings.commitAfterMs - (clock.monotonicMs() - sinceMs)
  if (failures >= settings.failures) decide(() => goBack(settings, message.answer))
  else if (leftMs <= 0 && message.healthy) decide(() => commit(settings, message.answer))
  else sendAfter(leftMs <= 0 ? settings.intervalMs : Math.ceil(Math.min(settings.intervalMs, leftMs)), self(), 'ask')
  return ['noreply', next]
}

/** Time to ask again. */
export const handleInfo: genServer.HandleInfo<State> = (message, state) => {
  if (message === 'ask') ask(state.settings)
  return ['noreply', state]
}

/** Installing and committing wait for the release handler; questions are answered meanwhile. */
function decide(act: () => Promise<Verdict>): void {
  const server = self()
  spawn(async () => genServer.cast(server, await act()))
}

async function commit({ vsn, who }: ProbationSettings, answer: string): Promise<Verdict> {
  const done = await operations.makePermanent(vsn, false, { who })
  return done.ok
    ? { verdict: 'committed', answer }
    : { verdict: 'unhealthy', answer, stuck: `not made permanent: ${formatReleaseError(done.error)}` }
}

async function goBack({ vsn, from }: ProbationSettings, answer: string): Promise<Verdict> {
  const who = 'health check'
  await operations.noteBad(vsn, answer, { who })
  const back = await operations.install(from, { who })
  return back.ok
    ? { verdict: 'unhealthy', answer }
    : { verdict: 'unhealthy', answer, stuck: `"${from}" not installed: ${formatReleaseError(back.error)}` }
}

function ended(found: Verdict, state: State): ['stop', 'normal', State] {
  const { vsn, from } = state.settings
  if (found.verdict === 'unhealthy') {
    const then = found.stuck === undefined ? `"${from}" runs again` : found.stuck
    report(
      'error',
      { label: [NAME, 'unhealthy'], report: { release: vsn, answer: found.answer, then } },
      { domain: ['otp', 'sasl'] },
    )
    if (found.stuck !== undefined && alarmHandler.isRunning())
      alarmHandler.setAlarm([['unhealthy_release', vsn], found.stuck])
  }
  for (const one of state.waiting) genServer.reply(one, found)
  return ['stop', 'normal', { ...state, waiting: [] }]
}

/** Whoever waits is told. */
export const terminate: genServer.Terminate<State> = (_reason, { waiting }) => {
  for (const one of waiting) genServer.reply(one, { verdict: 'superseded' } satisfies Verdict)
}
