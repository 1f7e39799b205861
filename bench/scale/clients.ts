/**
 * Very many WebSocket clients of the chat through an upgrade, a downgrade, the upgrade again and its commit. The node and
 * the clients are processes of their own; everything stays on 127.0.0.1. Needs `npm run build` first.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { extract } from 'tar'
import { otpRel, PROJECT, run } from '../../examples/chat/demo/cli.js'
import type { LoadAnswer, LoadRequest } from './clients_load.js'
import type { Figure } from './measure.js'

/** Clients in a room. */
const ROOM = 10
/** Messages of all clients together, a second. */
const RATE = 500
/** Load before and between the changes, ms. */
const PHASE_MS = 3000
/** The whole run is given up after so long. */
const LIMIT_MS = 300_000

interface Upgraded {
  readonly duration_ms: number
  readonly longest_pause_ms: number
  readonly migrated: number
}

const CHANGES = [
  ['upgrade', '1.1.0', 'new'],
  ['downgrade', '1.0.0', 'old'],
  ['upgrade', '1.1.0', 'new'],
] as const

/** @throws when anything was lost: a connection, a message, its order, a request */
export async function clients(n: number): Promise<Figure[]> {
  checkFiles(n)
  const deploy = await mkdtemp(join(tmpdir(), 'chat-scale-'))
  const node = ['--root', deploy] as const
  const bin = join(deploy, 'bin', 'chat')
  const load = fork(fileURLToPath(new URL('./clients_load.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] })
  const limit = setTimeout(() => load.kill(), LIMIT_MS)
  try {
    await otpRel('build')
    await otpRel('tar', '--force')
    await extract({ file: join(PROJECT, '_build', 'tar', 'chat-1.0.0.tar.gz'), cwd: deploy })
    const started = await run(bin, ['start', '--chat_web', 'port=0'])
    if (started.status !== 0) throw new Error(`bin/chat start ended with ${started.status}\n${started.stderr}`)
    const port = await otpRel<number>('rpc', 'chat_web/listener', 'port', ...node)
    const cpuMs = async () =>
      Number(await otpRel('eval', 'Object.values(process.cpuUsage()).reduce((sum, us) => sum + us) / 1000', ...node))
    const figures: Figure[] = []
    const measure = async <T>(what: string, work: () => Promise<T>, note?: (value: T) => string): Promise<T> => {
      const [startMs, before] = [performance.now(), await cpuMs()]
      const value = await work()
      const figure = { what, n, cpuMs: (await cpuMs()) - before, wallMs: performance.now() - startMs }
      figures.push(note === undefined ? figure : { ...figure, note: note(value) })
      return value
    }
    const everyMs = Math.round((n * 1000) / RATE)
    const options = { port, clients: n, rooms: Math.max(1, Math.round(n / ROOM)), httpClients: 4, everyMs }
    await measure('connect and join', () => tell(load, { op: 'connect', options }))
    for (const [command, vsn, style] of CHANGES) {
      await new Promise((resolve) => setTimeout(resolve, PHASE_MS))
      await measure(
        `${command} to ${vsn}`,
        () => otpRel<Upgraded>(command, vsn, ...node),
        (done) =>
          `${done.migrated} rooms migrated, longest pause ${done.longest_pause_ms.toFixed(1)} ms, ${done.duration_ms.toFixed(0)} ms in all`,
      )
      await tell(load, { op: 'see', style })
    }
    await measure('commit', () => otpRel('commit', '1.1.0', ...node))
    const { seen, wrongHistories } = await tell(load, { op: 'stop' })
    if (seen === undefined) throw new Error('the clients did not say what they saw')
    const lost = seen.dropped + seen.reconnects + seen.lost + seen.outOfOrder + seen.requestsFailed
    if (lost + (wrongHistories ?? 0) > 0) throw new Error(`lost: ${JSON.stringify({ ...seen, wrongHistories })}`)
    const note = `0 of ${n} dropped, 0 of ${seen.deliveries} lost, longest delivery ${seen.longestDeliveryMs.toFixed(0)} ms, longest request ${seen.longestRequestMs.toFixed(0)} ms`
    return [...figures, { what: 'deliveries', n: seen.deliveries, cpuMs: 0, wallMs: 0, note }]
  } finally {
    clearTimeout(limit)
    load.kill()
    await run(bin, ['stop'])
    await rm(deploy, { recursive: true, force: true })
  }
}

/** Tells the clients something and waits for their answer. */
async function tell(load: ChildProcess, request: LoadRequest): Promise<Extract<LoadAnswer, { ok: true }>> {
  const gone = once(load, 'exit').then(() => {
    throw new Error('the clients have ended')
  })
  const answered = once(load, 'message') as Promise<[LoadAnswer]> // it sends nothing else
  load.send(request)
  const [answer] = await Promise.race([answered, gone])
  gone.catch(() => {})
  if (!answer.ok) throw new Error(answer.failure)
  return answer
}

/** Each process needs a file for each connection; Node raises its own limit to the hard one. */
function checkFiles(n: number): void {
  const report = process.report.getReport() as { userLimits?: { open_files?: { hard?: number | 'unlimited' } } } // not in its types
  const hard = report.userLimits?.open_files?.hard
  if (typeof hard === 'number' && hard < n + 200) {
    throw new Error(
      `${n} connections need a limit of ${n + 200} open files, this process has ${hard}: see "ulimit -Hn"`,
    )
  }
}
