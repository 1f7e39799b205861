/**
 * `rehearse VSN --from OLD`: a rehearsal for build servers, without a node that runs somewhere: the older release is
 * booted in a folder of its own, a program makes traffic, and the node is upgraded, downgraded and upgraded again. With a
 * node, and without --from, it is the command of the same name there.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copy } from 'fs-extra/esm'
import { versionsIn } from '../../runtime/sasl/src/upgrade_plan_read.js'
import { err, ok } from '../../schemas/result.js'
import { call, withNode } from '../node/ask.js'
import { DEFAULT_TIMEOUT_MS } from '../node/client.js'
import { type Arguments, type NodeContext, text } from '../node/command.js'
import { rehearseOn, rehearse as rehearseOnNode } from '../node/commands/rehearse.js'
import { compareVsn } from '../release/vsn.js'
import type { Failure, Outcome, Report } from '../render/failure.js'
import { record } from '../render/record.js'
import { formatMs, parseMs } from '../render/steps.js'
import { unknownVersion } from './plan.js'
import { type CliContext, type Located, locate } from './project.js'

/** Rehearses on a node of its own, or on the one that runs. */
export async function rehearse(args: Arguments, context: CliContext): Promise<Outcome> {
  const located = await locate(args, context)
  if (!located.ok) return located
  const { packagesOf, ...target } = located.value
  const from = text(args, 'from')
  if (from === undefined) {
    return rehearseOnNode(args, { ...context, target, packagesOf, timeoutMs: DEFAULT_TIMEOUT_MS })
  }
  const vsn = text(args, 'vsn') ?? ''
  const known = [...(await versionsIn(target.root))].sort(compareVsn)
  for (const one of [from, vsn]) if (!known.includes(one)) return err(unknownVersion(one, known, target.root, context))
  const settle = parseMs(text(args, 'settle') ?? '1s')
  if (settle === undefined) {
    return err({ exit: 'usage', tag: 'bad_option', message: '--settle is a time such as 500ms, 5s or 1m' })
  }
  const dir = await mkdtemp(join(tmpdir(), 'otp-rel-rehearse-'))
  try {
    return await rehearseIn(dir, located.value, from, vsn, { traffic: text(args, 'traffic'), settle }, context)
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

interface Settings {
  /** A command line for the shell. */
  readonly traffic: string | undefined
  /** Time between two changes, in ms. */
  readonly settle: number
}

async function rehearseIn(
  dir: string,
  { root, name: given }: Located,
  from: string,
  vsn: string,
  { traffic, settle }: Settings,
  context: CliContext,
): Promise<Outcome> {
  const name = given ?? root.split('/').at(-1) ?? ''
  const copied = join(dir, name)
  await copy(root, copied, {
    filter: (path) => !/\/(run|log|RELEASES\.json|history\.json|start_otp\.json)$/.test(path),
  })
  const rel: unknown = JSON.parse(await readFile(join(copied, 'releases', from, `${name}.rel.json`), 'utf8'))
  const pointer = { erts: record(rel)?.erts, vsn: from }
  await writeFile(join(copied, 'releases', 'start_otp.json'), `${JSON.stringify(pointer)}\n`)
  const script = join(copied, 'bin', name)
  const env = { ...context.env, RELEASE_RESTARTS: '0' }

  context.progress({ verb: 'starting', text: `${name} ${from} in a folder of its own` })
  const started = await runToEnd(script, ['start'], env)
  if (started.code !== 0)
    return err({ exit: 'boot_failed', tag: 'boot_failed', message: `"${from}" does not start: ${started.said}` })
  const node: NodeContext = {
    ...context,
    target: { root: copied, name },
    packagesOf: () => [],
    timeoutMs: DEFAULT_TIMEOUT_MS,
  }
  let load: Traffic | undefined
  try {
    if (traffic !== undefined) {
      context.progress({ verb: 'traffic', text: traffic })
      load = await startTraffic(traffic, { ...env, RELEASE_BIN: script, RELEASE_ROOT: copied }, context)
    }
    await pause(settle)
    const rehearsed = await withNode(node, (client) => rehearseOn(client, node, vsn, undefined))
    if (!rehearsed.ok) return rehearsed
    const changes: { readonly to: string; readonly ms: number; readonly pauseMs: number }[] = []
    for (const to of [vsn, from, vsn]) {
      const changed = await withNode(node, (client) => call(client, node, 'upgrade', { vsn: to, who: 'rehearsal' }))
      if (!changed.ok) return err({ ...changed.error, message: `going to "${to}": ${changed.error.message}` })
      const done = record(changed.value)
      const [ms, pauseMs] = [Number(done?.duration_ms ?? 0), Number(done?.longest_pause_ms ?? 0)]
      changes.push({ to, ms, pauseMs })
      context.progress({
        verb: to === from ? 'downgraded' : 'upgraded',
        text: `${to} in ${formatMs(ms)}, longest pause of a process ${formatMs(pauseMs)}`,
      })
      await pause(settle)
      if (load?.ended !== undefined) break
    }
    const ended = await load?.stop()
    if (ended !== undefined && ended.code !== 0) return err(trafficFailure(traffic ?? '', ended))
    return ok(withChanges(rehearsed.value, name, from, vsn, changes, ended))
  } finally {
    await load?.stop()
    await runToEnd(script, ['stop'], env)
  }
}

/** The report of the copies, and what happened to the node itself. */
function withChanges(
  { data, lines }: Report,
  name: string,
  from: string,
  vsn: string,
  changes: readonly { readonly to: string; readonly ms: number; readonly pauseMs: number }[],
  traffic: Ended | undefined,
): Report {
  const longest = Math.max(...changes.map(({ pauseMs }) => pauseMs))
  return {
    data: { ...record(data), changes, traffic: traffic ?? null },
    lines: (style) => [
      // what to type next is for a node that runs
      ...lines(style).filter((line) => !line.startsWith('Do it:')),
      `${style.green(`${name} ${from} -> ${vsn} -> ${from} -> ${vsn}`)} went well: longest pause of a process ${formatMs(longest)}${traffic === undefined ? '' : '; the traffic had nothing to complain of'}`,
    ],
  }
}

// ---- programs

interface Ended {
  readonly code: number
  /** The last of what it said. */
  readonly said: string
}

interface Traffic {
  /** Set as soon as it ended by itself. */
  readonly ended: Ended | undefined
  /** Tells it to end, with SIGTERM, and waits. */
  stop(): Promise<Ended>
}

/** Time that traffic gets to say its first line, and to end, in ms. */
const FIRST_LINE_MS = 10_000
const END_MS = 10_000

/** Starts the program and waits for its first line, or a while. */
async function startTraffic(command: string, env: NodeJS.ProcessEnv, { cwd, signal }: CliContext): Promise<Traffic> {
  const child = spawn('sh', ['-c', `exec ${command}`], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true })
  let ended: Ended | undefined
  let stopping = false
  const end = endOf(child).then((found) => {
    // ended by our own signal is what was asked of it
    ended = { code: stopping && found.signal === 'SIGTERM' ? 0 : found.code, said: found.said }
    return ended
  })
  await Promise.race([new Promise((resolve) => child.stdout?.once('data', resolve)), end, pause(FIRST_LINE_MS)])
  return {
    get ended() {
      return ended
    },
    async stop() {
      stopping = true
      if (ended === undefined) child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), END_MS)
      return end.finally(() => clearTimeout(late))
    },
  }
}

const endOf = (child: ChildProcess): Promise<Ended & { readonly signal: NodeJS.Signals | null }> =>
  new Promise((resolve) => {
    let said = ''
    const take = (chunk: Buffer): void => {
      said = `${said}${chunk}`.slice(-2_000)
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.once('error', (failure) => resolve({ code: 127, said: failure.message, signal: null }))
    child.once('close', (code, signal) => resolve({ code: code ?? 1, said: said.trim(), signal }))
  })

async function runToEnd(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  if (!existsSync(file)) return { code: 127, said: `${file} is not there` }
  return endOf(spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] }))
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const trafficFailure = (command: string, { code, said }: Ended): Failure => ({
  exit: 'refused',
  tag: 'traffic_failed',
  message: `the traffic "${command}" ended with ${code} while the node was upgraded and downgraded`,
  hints: said === '' ? [] : ['it said:', ...said.split('\n').slice(-10)],
  facts: { command, code, said },
})
