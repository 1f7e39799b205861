/**
 * `node --import tsx bench/dev.ts [SAVES]`: `otp-rel dev` on the chat example while WebSocket clients talk. Every save
 * changes a module, every other one the `codeChange` of the rooms, whose states are migrated. Prints the time from
 * before the file is written until the line that says "live" is read, by the wall clock, where it goes, the heap of the
 * node after a collection, and what the clients lost. Needs `npm run build` first.
 */
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, connect } from '../cli/node/client.js'
import { Load } from '../examples/chat/demo/load.js'
import { DevRun } from '../test/support/dev_session.js'

/** A figure beside what it has to be. */
export interface Figure {
  readonly name: string
  readonly ours: number
  readonly unit: string
  /** What is promised: at most this. */
  readonly target: number
}

/** The times of all saves by stage, in ms, and the figures that are promised. */
export interface DevFigures {
  readonly figures: readonly Figure[]
  readonly stages: ReadonlyMap<string, readonly number[]>
  /** Heap of the node in MB, by the number of saves before. */
  readonly heapMb: ReadonlyMap<number, number>
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CLIENTS = 20

/** What a save is told as. */
interface Live {
  readonly event: string
  readonly ms: number
  readonly stages_ms: Readonly<Record<string, number>>
  readonly longest_pause_ms: number
}

/** Processor time that a process has used, in ms; NaN where the system does not tell. */
function cpuMs(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return Number.NaN
  }
}

/** A collection of the node's heap, and what is left, in MB. */
const HEAP = `(() => {
  process.getBuiltinModule('v8').setFlagsFromString('--expose-gc')
  const gc = process.getBuiltinModule('vm').runInNewContext('gc')
  gc(); gc()
  return process.memoryUsage().heapUsed / 1e6
})()`

async function call<T>(client: Client, method: string, params: unknown): Promise<T> {
  const answer = await client.call(method, params)
  if (!answer.ok) throw new Error(JSON.stringify(answer.error))
  return answer.value as T // the method's documented answer
}

/** The example as a project of its own, with two releases, of which the later one is developed. */
async function project(dir: string): Promise<string> {
  await cp(join(ROOT, 'examples'), join(dir, 'examples'), { recursive: true })
  await cp(join(ROOT, 'otp.config.json'), join(dir, 'otp.config.json'))
  await writeFile(join(dir, 'package.json'), '{ "name": "chat", "private": true, "type": "module" }\n')
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
  return join(dir, 'examples/chat/apps/chat-1.1.0/src')
}

/** Measures a number of saves. */
export async function devFigures(saves = 100): Promise<DevFigures> {
  const dir = await mkdtemp(join(tmpdir(), 'otp-rel-bench-'))
  const src = await project(dir)
  const dev = new DevRun(dir, ['--chat_web', 'port=0'], process.env.DEV_NODE_FLAGS?.split(' '))
  try {
    await dev.next('started')
    const connected = await connect({ root: join(dir, '_build/dev/rel/chat') })
    if (!connected.ok) throw new Error(connected.error.tag)
    const node = connected.value
    const port = await call<number>(node, 'rpc', { module: 'chat_web/listener', function: 'port', args: [] })
    const load = await Load.start({ port, clients: CLIENTS, rooms: 4, httpClients: 2, everyMs: 100 })
    const room = await readFile(join(src, 'room.ts'), 'utf8')
    const format = await readFile(join(src, 'format.ts'), 'utf8')
    const heapMb = new Map([[0, await call<number>(node, 'eval', { expression: HEAP })]])
    const stages = new Map<string, number[]>()
    const note = (stage: string, ms: number) => stages.set(stage, [...(stages.get(stage) ?? []), ms])
    const cpuBefore = cpuMs(dev.child.pid)
    for (let n = 1; n <= saves; n++) {
      const [file, text] =
        n % 2 === 0
          ? ['room.ts', room.replace("['error', 'unknown_state']", `['ok', oldVsn === ${n} ? null : state]`)]
          : ['format.ts', `${format}\nexport const saved = ${n}\n`]
      const sinceMs = performance.now()
      await writeFile(join(src, file ?? ''), text ?? '')
      const live = (await dev.next('live')) as unknown as Live // as cli/dev/events.ts has it
      const ms = performance.now() - sinceMs
      note('save to live', ms)
      note('noticed and told', ms - live.ms)
      for (const [stage, took] of Object.entries(live.stages_ms)) note(stage, took)
      note('longest pause', live.longest_pause_ms)
      if (n === 20 || n % 100 === 0) heapMb.set(n, await call<number>(node, 'eval', { expression: HEAP }))
      // Not at once: nobody saves so fast, and clients are to talk between two saves.
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    note('processor time of otp-rel dev, a save', (cpuMs(dev.child.pid) - cpuBefore) / saves)
    const { dropped, lost, outOfOrder, requestsFailed } = await load.stop()
    const wrong = (await load.wrongHistories()).length
    load.close()
    node.close()
    const times = stages.get('save to live') ?? []
    const figures = [
      { name: 'save to live, median', ours: at(times, 0.5), unit: 'ms', target: 60 },
      { name: 'save to live, 90 %', ours: at(times, 0.9), unit: 'ms', target: 200 },
      { name: 'save to live, longest', ours: at(times, 1), unit: 'ms', target: 200 },
      { name: 'connections dropped', ours: dropped, unit: '', target: 0 },
      {
        name: 'messages lost or out of order, requests failed',
        ours: lost + outOfOrder + requestsFailed + wrong,
        unit: '',
        target: 0,
      },
      {
        name: 'heap from 20 saves to the last',
        ours: (heapMb.get(saves) ?? 0) - (heapMb.get(20) ?? 0),
        unit: 'MB',
        target: 1,
      },
    ]
    return { figures, stages, heapMb }
  } finally {
    await dev.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

/** The value that a share of all values does not exceed. */
const at = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { figures, stages, heapMb } = await devFigures(Number(process.argv[2] ?? 100))
  const show = (value: number) => value.toFixed(value < 10 ? 1 : 0)
  console.log('| what | ours | target |\n|---|---|---|')
  for (const { name, ours, unit, target } of figures)
    console.log(`| ${name} | ${show(ours)} ${unit} | at most ${target} ${unit} |`)
  console.log('\n| stage, ms | median | 90 % | longest |\n|---|---|---|---|')
  for (const [stage, values] of stages)
    console.log(`| ${stage} | ${[0.5, 0.9, 1].map((share) => show(at(values, share))).join(' | ')} |`)
  console.log(`\nheap, MB: ${[...heapMb].map(([n, mb]) => `${mb.toFixed(1)} after ${n} saves`).join(', ')}`)
}
