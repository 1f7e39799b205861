/**
 * The other side of a rehearsal: a process of the operating system with the code of the newer release, in which copies
 * of states are converted and converted back. Nothing of the release is started in it. See rehearsal.ts.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { deserialize, serialize } from 'node:v8'
import { clock, nowMs } from '../../erts/clock.js'
import { stop } from '../../erts/init.js'
import { exportedFunction } from '../../erts/modules.js'
import { equal } from '../../erts/term.js'
import { copyOf, reviveTwice } from './state_copy.js'
import { type StateDifference, stateDiff, valueText } from './state_diff.js'

/** One state to convert. */
export interface RehearsalJob {
  readonly id: number
  /** How codeChange is called: (vsn, state, extra), or for a gen_statem (vsn, state, data, extra). */
  readonly kind: 'state' | 'state and data'
  readonly module: string
  /** The copy, see state_copy.ts; for `state and data` of `[state, data]`. */
  readonly copy: unknown
  /** First argument of codeChange, there and back. */
  readonly there: unknown
  readonly back: unknown
  readonly extra: unknown
  readonly extraBack: unknown
}

/** What came of it. Texts are as a log would show them, cut where they are very long. */
export interface RehearsalResult {
  readonly id: number
  /** What codeChange took, in ms. */
  readonly ms: number
  readonly before: string
  /** The new state; undefined when it was not made. */
  readonly after?: string
  /** Where the new state differs. */
  readonly changes?: readonly StateDifference[]
  /** Why it was not made. */
  readonly why?: string
  /** Whether converting back gives the state that it was; undefined when it was not tried. */
  readonly back?: 'the same' | 'different' | 'failed'
  /** The state that came back, or why none did. */
  readonly backText?: string
  /** Where what came back differs from what it was. */
  readonly backChanges?: readonly StateDifference[]
}

/** Characters that all states together may have as text, and the least and the most of one. */
const ALL = 4_000_000
const LEAST = 600
const MOST = 20_000
/** Time for one codeChange, in ms: a rehearsal ends. */
const LIMIT_MS = 60_000

/** Reads jobs, writes results, and ends the node. */
export async function run(jobsFile: string, resultsFile: string): Promise<'ok'> {
  // rehearsal.ts wrote it
  const jobs = deserialize(await readFile(jobsFile)) as readonly RehearsalJob[]
  const results: RehearsalResult[] = []
  const most = Math.max(LEAST, Math.min(MOST, Math.floor(ALL / jobs.length)))
  for (const job of jobs) results.push(await rehearse(job, (value) => show(value, most)))
  await writeFile(resultsFile, serialize(results), { mode: 0o600 })
  // when the boot script, whose last instruction this is, has come to its end
  clock.setTimer(0, () => stop(0))
  return 'ok'
}

async function rehearse(job: RehearsalJob, text: (state: unknown) => string): Promise<RehearsalResult> {
  // codeChange may change the state in place
  const [state, untouched] = reviveTwice(job.copy)
  const before = text(state)
  const pristine = copyOf(untouched)
  const differences = (now: unknown) => stateDiff(named(job, untouched), named(job, now))
  const sinceMs = nowMs()
  const there = await convert(job, job.there, state, job.extra)
  const ms = nowMs() - sinceMs
  if ('why' in there) return { id: job.id, ms, before, why: there.why }
  const done = { id: job.id, ms, before, after: text(there.state), changes: differences(there.state) }
  const back = await convert(job, job.back, there.state, job.extraBack)
  if ('why' in back) return { ...done, back: 'failed', backText: back.why }
  if (equal(copyOf(back.state), pristine)) return { ...done, back: 'the same', backText: text(back.state) }
  return { ...done, back: 'different', backText: text(back.state), backChanges: differences(back.state) }
}

/** A state of which both parts have their names. */
const named = ({ kind }: RehearsalJob, state: unknown): unknown =>
  kind === 'state' || !Array.isArray(state) ? state : { state: state[0], data: state[1] }

async function convert(
  { kind, module }: RehearsalJob,
  vsn: unknown,
  state: unknown,
  extra: unknown,
): Promise<{ readonly state: unknown } | { readonly why: string }> {
  const codeChange = exportedFunction(module, 'codeChange')
  if (codeChange === undefined) return { why: `"${module}" exports no codeChange` }
  const args = kind === 'state' || !Array.isArray(state) ? [vsn, state, extra] : [vsn, ...state, extra]
  try {
    const returned = await inTime(Reflect.apply(codeChange, undefined, args))
    if (!Array.isArray(returned) || returned[0] !== 'ok') return { why: `codeChange returned ${show(returned)}` }
    return { state: kind === 'state' ? returned[1] : returned.slice(1) }
  } catch (thrown) {
    return { why: thrown instanceof Error ? (thrown.stack ?? thrown.message) : show(thrown) }
  }
}

function inTime(value: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(LIMIT_MS, () => reject(new Error(`codeChange did not return within ${LIMIT_MS} ms`)))
    Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => clock.clearTimer(timer))
  })
}

/** Deep enough for what a state holds; {@link stateDiff} says what differs in one that is longer. */
const show = (value: unknown, most = LEAST): string => valueText(value, most, 20, 1000)
