/** Probations over the node's socket: the parameters, what the client is told meanwhile, and how it ends. */
import { err } from '../../../schemas/result.js'
import { clock } from '../../erts/clock.js'
import type { ControlContext } from '../../kernel/src/control.js'
import { type Params, positive, text, unwrap } from './control_params.js'
import { parseHealth } from './health.js'
import { begin, type ProbationSettings, status as probationStatus, verdict } from './probation.js'
import { releases } from './release_handler_calls.js'
import { permanentRelease } from './releases_file.js'

/** How a probation stands for whoever asked for it; `goes on`: the client cancelled, the node does not. */
export type Proved = 'committed' | 'superseded' | 'goes on'

type Told = Pick<ControlContext, 'progress' | 'signal'>

/**
 * Puts the release that runs on probation and waits for its end.
 *
 * @param from   the release to go back to
 * @param params see {@link probationOf}
 * @returns undefined: nothing was asked for, or it is permanent already
 * @throws ControlError `unhealthy`
 */
export async function prove(
  vsn: string,
  from: string,
  params: Params,
  who: string,
  told: Told,
): Promise<Proved | undefined> {
  const settings = probationOf(params)
  if (settings === undefined || permanentRelease(await releases())?.vsn === vsn) return undefined
  await begin({ ...settings, vsn, from, who })
  return follow(from, vsn, told)
}

/** How often the client is told where a probation stands, in ms. */
const TELL_MS = 1_000

const badAnswers = (count: number): string => (count === 1 ? '1 bad answer' : `${count} bad answers in a row`)

/** Waits for the end of a probation, as long as somebody is there to be told. */
async function follow(from: string, to: string, { progress, signal }: Told): Promise<Proved> {
  const end = verdict()
  const cancelled = new Promise<'goes on'>((resolve) => {
    if (signal.aborted) resolve('goes on')
    signal.addEventListener('abort', () => resolve('goes on'), { once: true })
  })
  let told = ''
  const tell = async (): Promise<void> => {
    const now = await probationStatus()
    const state = now === undefined || now.failures === 0 ? 'healthy' : badAnswers(now.failures)
    const text = now === undefined ? '' : `${state}: ${now.answer}`
    if (now === undefined || text === told) return
    told = text
    progress({ verb: 'probation', text: `${Math.ceil((now.of_ms - now.elapsed_ms) / 1000)} s to go, ${text}`, ...now })
  }
  const again = (): void => {
    void tell()
    timer = clock.setTimer(TELL_MS, again)
  }
  let timer = clock.setTimer(TELL_MS, again)
  try {
    const found = await Promise.race([end, cancelled])
    if (found === 'goes on') return found
    if (found.verdict !== 'unhealthy') return found.verdict
    const notUndone = found.stuck === undefined ? [] : [found.stuck]
    return unwrap(err({ tag: 'unhealthy', from, to, answer: found.answer, notUndone }))
  } finally {
    clock.clearTimer(timer)
  }
}

/** Defaults of a probation, in ms. */
const COMMIT_AFTER_MS = 60_000
const INTERVAL_MS = 2_000
const TIMEOUT_MS = 5_000
const FAILURES = 3

/** How a release has to prove itself; undefined: it does not. */
export function probationOf(params: Params): Omit<ProbationSettings, 'vsn' | 'from' | 'who'> | undefined {
  const commitAfterMs = positive(params, 'commit_after')
  const given = text(params, 'health')
  if (commitAfterMs === undefined && given === undefined) return undefined
  return {
    commitAfterMs: commitAfterMs ?? COMMIT_AFTER_MS,
    health: given === undefined ? undefined : unwrap(parseHealth(given)),
    intervalMs: positive(params, 'health_interval') ?? INTERVAL_MS,
    timeoutMs: positive(params, 'health_timeout') ?? TIMEOUT_MS,
    failures: positive(params, 'health_failures') ?? FAILURES,
  }
}
